// What the browser of raw series asks: a list, and the points of those that are chosen.
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { get, type ApiError } from '../../../api/client'
import { useList, type Result } from '../../../api/queries'
import type { RawSeries, SampledSeries } from '../../../api/types'
import { TELEMETRY, useTimeRange } from '../../../time/TimeRangeContext'

export interface RawFilter {
  text: string
  tier: string | null
  node: string | null
  /** `key=value` each. */
  attributes: string[]
}

export const useRawList = (application: number, filter: RawFilter) =>
  useList<SampledSeries>('/metric-series', { application, tier: filter.tier, node: filter.node, text: filter.text.trim(), attribute: filter.attributes }, 200)

/** All chosen series in one answer. */
export function useRawPoints(ids: string[]): Result<RawSeries> {
  const { key, window, range } = useTimeRange()
  return useQuery<RawSeries, ApiError>({
    queryKey: [TELEMETRY, '/metric-series/points', ids.join(','), key],
    queryFn: ({ signal }) => get('/metric-series/points', { ids: ids.join(','), from: window.from, to: window.to }, signal),
    enabled: ids.length > 0,
    staleTime: range.kind === 'absolute' ? Number.POSITIVE_INFINITY : 9_000,
    placeholderData: keepPreviousData,
  })
}
