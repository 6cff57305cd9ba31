import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { get, write, type ApiError } from '../../api/client'
import type { Result } from '../../api/queries'
import type * as Api from '../../api/types'
import { TELEMETRY } from '../../time/TimeRangeContext'

export function useAccount(): Result<Api.Account> {
  return useQuery<Api.Account, ApiError>({ queryKey: ['account'], queryFn: ({ signal }) => get('/account', {}, signal), staleTime: 60_000 })
}

/** Sets the time zone; what is judged by baselines is asked for again. */
export function useSetTimeZone() {
  const client = useQueryClient()
  return useMutation<Api.Account, ApiError, string>({
    mutationFn: (zone) => write<Api.Account>('PUT', '/account/time-zone', { time_zone: zone }),
    onSuccess: (account) => {
      client.setQueryData(['account'], account)
      void client.invalidateQueries({ queryKey: [TELEMETRY] })
    },
  })
}
