import { Select } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useMay } from '../../access/may'
import { write, type ApiError } from '../../api/client'
import type { BusinessTransactionDetail } from '../../api/types'
import { TELEMETRY } from '../../time/TimeRangeContext'
import styles from './BusinessTransaction.module.css'

const CHOICES = [
  { value: 'auto', label: 'Response times: by median' },
  { value: 'no', label: 'Response times: always count' },
  { value: 'yes', label: 'Response times: leave out (long-lived)' },
]
const MARKS: Record<string, boolean | null> = { auto: null, no: false, yes: true }
const choiceOf = (marked: boolean | null) => (marked === null ? 'auto' : marked ? 'yes' : 'no')

/** Whether calls that last (sockets, streams, long polls) belong to response times: Vedette decides, or an operator does. */
export function LongLivedSelect({ bt }: { bt: BusinessTransactionDetail }) {
  const client = useQueryClient()
  const mayChange = useMay()('configure', bt.application.id)
  const mark = useMutation<unknown, ApiError, boolean | null>({
    mutationFn: (marked) => write('PUT', `/business-transactions/${bt.id}/long-lived`, { marked }),
    onSuccess: () => client.invalidateQueries({ queryKey: [TELEMETRY, `/business-transactions/${bt.id}`] }),
  })
  const shown = mark.isPending ? mark.variables : bt.long_lived_marked
  return (
    <Select
      className={styles.longLived}
      size="xs"
      aria-label="Whether its calls count in response times"
      title="By median: left out once half of the calls last over a minute. A change holds for calls from the next minute on."
      data={CHOICES}
      allowDeselect={false}
      value={choiceOf(shown)}
      disabled={mark.isPending || !mayChange}
      error={mark.error?.message}
      onChange={(choice) => choice && mark.mutate(MARKS[choice] ?? null)}
    />
  )
}
