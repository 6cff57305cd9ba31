// Answers made of a sample of traces: they cost the server more than figures do, so they are asked for once, for the range
// as it then was, and again only when somebody wants it.
import { useQuery } from '@tanstack/react-query'
import { useTimeRange } from '../time/TimeRangeContext'
import { get, type ApiError } from './client'
import type { Result } from './queries'

export function useSampled<T>(path: string): Result<T> {
  const { key, window } = useTimeRange()
  return useQuery<T, ApiError>({
    queryKey: ['sampled', path, key],
    queryFn: ({ signal }) => get<T>(path, { from: window.from, to: window.to }, signal),
    staleTime: Number.POSITIVE_INFINITY,
  })
}
