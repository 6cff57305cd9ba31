// What the page of a trace asks beside the trace.
import { useQuery } from '@tanstack/react-query'
import { get, type ApiError } from '../../api/client'
import type { Result } from '../../api/queries'
import type { Page, Snapshot, Trace } from '../../api/types'

const HOUR = 3_600_000
const LISTED = 12

/** Others of the same business transaction around the same time, the newest first. */
export function useOthersLike(trace: Trace, enabled: boolean): Result<Page<Snapshot>> {
  const bt = trace.bts[0]
  const params = { bt: bt?.id, kept: false, limit: LISTED + 1, from: Math.floor(trace.start) - HOUR, to: Math.ceil(trace.start + trace.duration_ms) + HOUR }
  return useQuery<Page<Snapshot>, ApiError>({
    queryKey: ['others-like', params],
    queryFn: ({ signal }) => get('/snapshots', params, signal),
    enabled: enabled && bt !== undefined,
    staleTime: 30_000,
    select: (page) => ({ ...page, items: page.items.filter((other) => other.trace_id !== trace.trace_id).slice(0, LISTED) }),
  })
}
