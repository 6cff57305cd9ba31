// What is asked of anomalies, incidents, and the models behind them.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { get, write, type ApiError } from '../../api/client'
import { useList, type Result } from '../../api/queries'
import type * as Api from '../../api/types'
import { TELEMETRY } from '../../time/TimeRangeContext'

export const ANOMALY = 'anomaly'
/** Series are judged once a minute. */
const REFRESH_MS = 20_000

export interface AnomalyFilter {
  application?: number
  entity_kind?: string
  entity?: string
  state?: string
  /** As bad as this, or was at last. */
  level?: string
  incident?: number
}

/** Anomalies that were open at some time of the page's range. */
export const useAnomalies = (filter: AnomalyFilter) => useList<Api.Anomaly>('/anomalies', { ...filter }, 200)
/** Incidents that were open at some time of the page's range. */
export const useIncidents = (filter: { application?: number; state?: string }) => useList<Api.Incident>('/incidents', { ...filter }, 200)

/** One anomaly; an open one is asked for again, since it changes. */
export function useAnomaly(id: number): Result<Api.AnomalyDetail> {
  return useQuery<Api.AnomalyDetail, ApiError>({
    queryKey: [ANOMALY, 'one', id],
    queryFn: ({ signal }) => get(`/anomalies/${id}`, {}, signal),
    refetchInterval: (query) => (query.state.data?.anomaly.status === 'OPEN' ? REFRESH_MS : false),
  })
}

export function useIncident(id: number): Result<Api.IncidentDetail> {
  return useQuery<Api.IncidentDetail, ApiError>({
    queryKey: [ANOMALY, 'incident', id],
    queryFn: ({ signal }) => get(`/incidents/${id}`, {}, signal),
    refetchInterval: (query) => (query.state.data?.incident.status === 'OPEN' ? REFRESH_MS : false),
  })
}

export function useGiveFeedback(id: number) {
  const client = useQueryClient()
  return useMutation<Api.Feedback, ApiError, Api.NewFeedback>({
    mutationFn: (feedback) => write('POST', `/anomalies/${id}/feedback`, feedback),
    onSuccess: () => client.invalidateQueries({ queryKey: [ANOMALY, 'one', id] }),
  })
}

/** The map of a window of its own, whatever the page's range is. */
export function useMapOf(application: number, from: number, to: number): Result<Api.FlowMap> {
  return useQuery<Api.FlowMap, ApiError>({
    queryKey: [TELEMETRY, `/applications/${application}/flow-map`, 'of', from, to],
    queryFn: ({ signal }) => get(`/applications/${application}/flow-map`, { from, to }, signal),
    staleTime: REFRESH_MS,
    placeholderData: (before, query) => (query?.queryKey[1] === `/applications/${application}/flow-map` ? before : undefined),
  })
}

export interface SeriesName {
  kind: Api.AnomalousKind
  entity: number
  measure: Api.AnomalyMeasure
  metric: string | null
}

export function useModel(application: number, name: SeriesName | null, from: number, to: number): Result<Api.AnomalyModel> {
  return useQuery<Api.AnomalyModel, ApiError>({
    queryKey: [ANOMALY, 'model', application, name, from, to],
    queryFn: ({ signal }) => get(`/applications/${application}/anomaly-model`, { entity_kind: name?.kind, entity: name?.entity, measure: name?.measure, metric: name?.metric, from, to }, signal),
    enabled: name !== null,
    staleTime: REFRESH_MS,
    placeholderData: (before, query) => (JSON.stringify(query?.queryKey[3]) === JSON.stringify(name) ? before : undefined),
  })
}

export function useAnomalySettings(application: number, enabled = true): Result<Api.AnomalySettings> {
  return useQuery<Api.AnomalySettings, ApiError>({ queryKey: [ANOMALY, 'settings', application], queryFn: ({ signal }) => get(`/applications/${application}/anomaly-settings`, {}, signal), enabled, staleTime: REFRESH_MS })
}

export function useSaveAnomalySettings(application: number) {
  const client = useQueryClient()
  return useMutation<Api.AnomalySettings, ApiError, Api.AnomalySettings>({
    mutationFn: (settings) => write('PUT', `/applications/${application}/anomaly-settings`, settings),
    onSuccess: (settings) => client.setQueryData([ANOMALY, 'settings', application], settings),
  })
}

export function useAnomalyBackTest(application: number) {
  return useMutation<Api.AnomalyBackTested, ApiError, Api.NewAnomalyBackTest>({ mutationFn: (asked) => write('POST', `/applications/${application}/anomaly-back-test`, asked) })
}
