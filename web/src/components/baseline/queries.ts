import { useQueries, useQuery, type UseQueryResult } from '@tanstack/react-query'
import { get, type ApiError } from '../../api/client'
import { useTelemetry, type MeasuredKind, type Result } from '../../api/queries'
import type * as Api from '../../api/types'
import { useTimeRange } from '../../time/TimeRangeContext'
import { NONE, useBaselineChoice } from './choice'

export const BASELINES = 'baselines'

/** The baselines of an application. They change by hand only. */
export function useBaselines(application: number | undefined): Result<Api.Page<Api.Baseline>> {
  return useQuery<Api.Page<Api.Baseline>, ApiError>({
    queryKey: [BASELINES, application],
    queryFn: ({ signal }) => get(`/applications/${application}/baselines`, {}, signal),
    enabled: application !== undefined,
    staleTime: 60_000,
  })
}

/** Figures over time, with the baseline that the page's URL names. */
export function useSeries(path: string, enabled = true): Result<Api.Series> {
  const [choice] = useBaselineChoice()
  return useTelemetry<Api.Series>(path, choice === NONE ? {} : { baseline: choice }, { enabled })
}

export const useApplicationSeries = (id: number) => useSeries(`/applications/${id}/series`)
export const useBusinessTransactionSeries = (id: number) => useSeries(`/business-transactions/${id}/series`)
export const useEntitySeries = (kind: MeasuredKind, id: number, enabled = true) => useSeries(`/${kind}/${id}/series`, enabled)

const HOUR = 3_600_000
/** A metric path and what is expected of it, hour by hour; without those of which nothing is known. */
export type ExpectedOfMetrics = ReadonlyMap<string, Api.HourBand[]>

/** Outside, so that the answers are put together anew only when one of them changes. */
const expectedOf = (results: UseQueryResult<Api.MetricData, Error>[]): ExpectedOfMetrics =>
  new Map(results.flatMap(({ data }) => data?.items ?? []).flatMap(({ path, expected }) => (expected?.some(({ band }) => band !== null) ? [[path, expected] as const] : [])))

/**
 * What the baseline that the page's URL names expects of metrics, each at a path of its own: of a pattern the server tells 32 and
 * nothing of more. It is the same all the hour, so that it is asked for once in it and not with each refresh.
 */
export function useExpectedOfMetrics(application: number, paths: readonly string[]): ExpectedOfMetrics {
  const { window } = useTimeRange()
  const [choice] = useBaselineChoice()
  const hours = [Math.floor(window.from / HOUR), Math.floor(window.to / HOUR)]
  const path = `/applications/${application}/metric-data`
  return useQueries({
    queries: (choice === NONE ? [] : [...new Set(paths)].filter((metric) => metric !== '')).map((metric) => ({
      queryKey: ['expected', path, metric, choice, ...hours],
      queryFn: ({ signal }: { signal: AbortSignal }) => get<Api.MetricData>(path, { path: metric, baseline: choice, from: window.from, to: window.to }, signal),
      staleTime: Number.POSITIVE_INFINITY,
      placeholderData: (before: Api.MetricData | undefined) => before,
    })),
    combine: expectedOf,
  })
}
