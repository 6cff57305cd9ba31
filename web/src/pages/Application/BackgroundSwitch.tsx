import { Switch } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useMay } from '../../access/may'
import { write, type ApiError } from '../../api/client'
import type { ApplicationDetail } from '../../api/types'
import { TELEMETRY } from '../../time/TimeRangeContext'

/** Whether background jobs and health checks count in an application's key figures: of any time, and for everybody. */
export function BackgroundSwitch({ application }: { application: ApplicationDetail }) {
  const client = useQueryClient()
  const mayChange = useMay()('configure', application.id)
  const change = useMutation<unknown, ApiError, boolean>({
    mutationFn: (counts) => write('PUT', `/applications/${application.id}/key-figures`, { background_counts: counts }),
    onSuccess: () => client.invalidateQueries({ queryKey: [TELEMETRY] }),
  })
  return (
    <Switch
      size="xs"
      label="With background work"
      title="Background jobs and health checks count in these figures. Holds for everybody who looks at this application."
      checked={change.isPending ? change.variables : application.background_counts}
      disabled={change.isPending || !mayChange}
      error={change.error?.message}
      onChange={(event) => change.mutate(event.currentTarget.checked)}
    />
  )
}
