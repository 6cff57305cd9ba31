// What the metric browser asks: levels of the tree, a search, and the data of several paths at once.
import { useInfiniteQuery, useQueries, useQuery, type UseInfiniteQueryResult, type UseQueryResult } from '@tanstack/react-query'
import { get, type ApiError } from '../../api/client'
import type { Result } from '../../api/queries'
import type { MetricData, MetricLevel, MetricPath, Page } from '../../api/types'
import { NONE, useBaselineChoice } from '../../components/baseline/choice'
import { TELEMETRY, useTimeRange } from '../../time/TimeRangeContext'

/** The tree changes slowly: what an application reported over the last day. */
const TREE_STALE_MS = 60_000

export function useMetricLevel(application: number, prefix: string): Result<MetricLevel> {
  return useQuery<MetricLevel, ApiError>({
    queryKey: ['metric-level', application, prefix],
    queryFn: ({ signal }) => get<MetricLevel>(`/applications/${application}/metrics`, { prefix }, signal),
    staleTime: TREE_STALE_MS,
  })
}

export function useMetricSearch(application: number, text: string): UseInfiniteQueryResult<Page<MetricPath>, ApiError> {
  return useInfiniteQuery<Page<MetricPath>, ApiError, Page<MetricPath>, readonly unknown[], string | null>({
    queryKey: ['metric-search', application, text],
    queryFn: ({ signal, pageParam }) => get<Page<MetricPath>>(`/applications/${application}/metrics/search`, { text, limit: 100, cursor: pageParam }, signal),
    initialPageParam: null,
    getNextPageParam: (last) => last.next,
    select: ({ pages }) => ({ items: pages.flatMap((page) => page.items), next: pages.at(-1)?.next ?? null, partial: pages.find((page) => page.partial)?.partial ?? null }),
    enabled: text.trim() !== '',
    staleTime: TREE_STALE_MS,
    placeholderData: (before) => before,
  })
}

/** The data of a path; null while it is under way or failed. */
export interface PathData {
  data: MetricData | null
  error: ApiError | null
  loading: boolean
}

/** Outside, so that the answers are put together anew only when one of them changes. */
const together = (results: UseQueryResult<MetricData, Error>[]): PathData[] => results.map((result) => ({ data: result.data ?? null, error: result.error as ApiError | null, loading: result.isPending }))

/** The data of each path in the page's range, `earlier` milliseconds before it; with what the baseline that the URL names expects of the range itself. */
export function useMetricData(application: number, paths: string[], earlier = 0): PathData[] {
  const { key, window, range } = useTimeRange()
  const [choice] = useBaselineChoice()
  const expecting = earlier === 0 && choice !== NONE ? { baseline: choice } : {}
  const path = `/applications/${application}/metric-data`
  return useQueries({
    queries: paths.map((metric) => ({
      queryKey: [TELEMETRY, path, { path: metric, earlier, ...expecting }, key],
      queryFn: ({ signal }: { signal: AbortSignal }) => get<MetricData>(path, { path: metric, from: window.from - earlier, to: window.to - earlier, ...expecting }, signal),
      staleTime: range.kind === 'absolute' ? Number.POSITIVE_INFINITY : 9_000,
      placeholderData: (before: MetricData | undefined) => before,
    })),
    combine: together,
  })
}
