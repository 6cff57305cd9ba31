import { useMutation, useQueryClient } from '@tanstack/react-query'
import { write, type ApiError } from '../../api/client'
import type * as Api from '../../api/types'
import { TELEMETRY } from '../../time/TimeRangeContext'
import { BASELINES } from '../../components/baseline/queries'

/** A change after which baselines, and all that is judged by them, are asked for again. */
function useChange<Asked, Answer>(application: number, change: (asked: Asked) => Promise<Answer>) {
  const client = useQueryClient()
  return useMutation<Answer, ApiError, Asked>({
    mutationFn: change,
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: [BASELINES, application] })
      void client.invalidateQueries({ queryKey: [TELEMETRY] })
    },
  })
}

const path = (application: number) => `/applications/${application}/baselines`

export const useAddBaseline = (application: number) => useChange(application, (baseline: Api.NewBaseline) => write<Api.Baseline>('POST', path(application), baseline))
export const useChooseDefault = (application: number) => useChange(application, (id: number) => write<Api.Baseline>('PUT', `${path(application)}/default`, { id }))
export const useDeleteBaseline = (application: number) => useChange(application, (id: number) => write<void>('DELETE', `${path(application)}/${id}`))
