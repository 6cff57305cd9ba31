import { useQuery } from '@tanstack/react-query'
import { get, type ApiError } from '../../api/client'
import { useTelemetry, type MeasuredKind, type Result } from '../../api/queries'
import type * as Api from '../../api/types'
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
