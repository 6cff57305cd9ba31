import { useQuery } from '@tanstack/react-query'
import { get, type ApiError } from '../../api/client'
import { useList, type Result } from '../../api/queries'
import type * as Api from '../../api/types'
import { HEALTH } from '../../components/health/queries'
import type { Delivery } from '../Alerting/types'

export interface ViolationFilter {
  application?: number
  entity?: string
  rule?: string
  status?: string
  level?: string
}

/** Violations that were open at some time of the page's range. */
export const useViolations = (filter: ViolationFilter) => useList<Api.Violation>('/violations', { ...filter }, 200)

/** One violation; an open one is asked for again, since it changes. */
export function useViolation(id: number): Result<Api.ViolationDetail> {
  return useQuery<Api.ViolationDetail, ApiError>({
    queryKey: [HEALTH, 'violation', id],
    queryFn: ({ signal }) => get(`/violations/${id}`, {}, signal),
    refetchInterval: (query) => (query.state.data?.violation.status === 'OPEN' ? 20_000 : false),
  })
}

/** What was told of a violation, newest first: as much as one page shows. Of an open one more may come. */
export function useTold({ id, status }: Pick<Api.Violation, 'id' | 'status'>): Result<Api.Page<Delivery>> {
  return useQuery<Api.Page<Delivery>, ApiError>({
    queryKey: [HEALTH, 'told', id],
    queryFn: ({ signal }) => get('/deliveries', { violation: id, limit: 20 }, signal),
    refetchInterval: status === 'OPEN' ? 20_000 : false,
    retry: false,
  })
}
