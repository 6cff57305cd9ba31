// Every question the pages ask, one hook each. Telemetry hooks follow the page's time range; the others do not.
import { useInfiniteQuery, useQuery, type InfiniteData, type UseInfiniteQueryResult, type UseQueryResult } from '@tanstack/react-query'
import { learnServerTime } from '../time/clock'
import { TELEMETRY, useTimeRange } from '../time/TimeRangeContext'
import { get, write, type ApiError, type Params } from './client'
import type * as Api from './types'

export type Result<T> = UseQueryResult<T, ApiError>
/** A list as far as it was loaded; `fetchNextPage` appends the next page. */
export type ListResult<Row> = UseInfiniteQueryResult<Api.Page<Row>, ApiError>

interface TelemetryOptions {
  enabled?: boolean
}

/** A telemetry answer for the page's range. While a new one is under way the last one of the same path stays. */
export function useTelemetry<T>(path: string, params: Params = {}, { enabled = true }: TelemetryOptions = {}): Result<T> {
  const { key, window, range } = useTimeRange()
  return useQuery<T, ApiError>({
    queryKey: [TELEMETRY, path, params, key],
    queryFn: ({ signal }) => get<T>(path, { ...params, from: window.from, to: window.to }, signal),
    enabled,
    staleTime: range.kind === 'absolute' ? Number.POSITIVE_INFINITY : 9_000,
    placeholderData: (before, query) => (query?.queryKey[1] === path ? before : undefined),
  })
}

const joined = <Row>({ pages }: InfiniteData<Api.Page<Row>>): Api.Page<Row> => ({
  items: pages.flatMap((page) => page.items),
  next: pages.at(-1)?.next ?? null,
  partial: pages.find((page) => page.partial)?.partial ?? null,
})

/** A list for the page's range, page by page on request. A refresh asks for as many pages as are on the screen. */
export function useList<Row>(path: string, params: Params = {}, limit = 1000, { enabled = true }: TelemetryOptions = {}): ListResult<Row> {
  const { key, window, range } = useTimeRange()
  return useInfiniteQuery<Api.Page<Row>, ApiError, Api.Page<Row>, readonly unknown[], string | null>({
    queryKey: [TELEMETRY, path, params, key, 'pages'],
    queryFn: ({ signal, pageParam }) => get<Api.Page<Row>>(path, { ...params, limit, cursor: pageParam, from: window.from, to: window.to }, signal),
    initialPageParam: null,
    getNextPageParam: (last) => last.next,
    select: joined,
    enabled,
    staleTime: range.kind === 'absolute' ? Number.POSITIVE_INFINITY : 9_000,
    placeholderData: (before, query) => (query?.queryKey[1] === path ? before : undefined),
  })
}

export const useApplications = (enabled = true) => useList<Api.Application>('/applications', {}, 1000, { enabled })
export const useApplication = (id: number, enabled = true) => useTelemetry<Api.ApplicationDetail>(`/applications/${id}`, {}, { enabled })
/** Which part of an application's map: what happens under a business transaction, or one entity and its neighbours. `all`: every application as one node. */
export type MapPart = { bt: number } | { group: number } | { tier: number } | { node: number } | { backend: number } | { all: true }

function mapPath(application: number, part?: MapPart): string {
  if (!part) return `/applications/${application}/flow-map`
  if ('all' in part) return '/flow-map'
  if ('bt' in part) return `/business-transactions/${part.bt}/flow-map`
  if ('group' in part) return `/applications/${application}/transaction-groups/${part.group}/flow-map`
  if ('node' in part) return `/nodes/${part.node}/flow-map`
  return 'tier' in part ? `/tiers/${part.tier}/flow-map` : `/backends/${part.backend}/flow-map`
}
export const useFlowMap = (application: number, part?: MapPart) => useTelemetry<Api.FlowMap>(mapPath(application, part))

/** The same map so many minutes before the page's range, for comparing. */
export function useEarlierFlowMap(application: number, part: MapPart | undefined, minutes: number | null): Result<Api.FlowMap> {
  const { key, window, range } = useTimeRange()
  const path = mapPath(application, part)
  const back = (minutes ?? 0) * 60_000
  return useQuery<Api.FlowMap, ApiError>({
    queryKey: [TELEMETRY, path, 'earlier', minutes, key],
    queryFn: ({ signal }) => get(path, { from: window.from - back, to: window.to - back }, signal),
    enabled: minutes !== null,
    // What lies back changes little from one refresh to the next.
    staleTime: range.kind === 'absolute' ? Number.POSITIVE_INFINITY : 55_000,
    placeholderData: (before, query) => (query?.queryKey[1] === path && query.queryKey[3] === minutes ? before : undefined),
  })
}
export const useBusinessTransactions = (id: number) => useList<Api.BusinessTransaction>(`/applications/${id}/business-transactions`)
export const useBusinessTransaction = (id: number) => useTelemetry<Api.BusinessTransactionDetail>(`/business-transactions/${id}`)
export const useWaitingTransactions = (id: number, tier: number) => useList<Api.WaitingTransaction>(`/applications/${id}/waiting-transactions`, { tier })
export const useTiers = (id: number) => useList<Api.Tier>(`/applications/${id}/tiers`)
export const useNodes = (id: number, only: { tier?: number; historical?: boolean } = {}) => useList<Api.Node>(`/applications/${id}/nodes`, only)
export const useBackends = (id: number) => useList<Api.Backend>(`/applications/${id}/backends`)
export const useServiceEndpoints = (id: number, tier: number) => useList<Api.ServiceEndpoint>(`/applications/${id}/service-endpoints`, { tier })
export const useErrors = (id: number, only: { bt?: number; tier?: number } = {}) => useList<Api.ErrorGroup>(`/applications/${id}/errors`, only)

export type MeasuredKind = 'tiers' | 'backends' | 'nodes'

export interface SnapshotFilter {
  application?: number
  bt?: number
  tier?: number
  outcome?: string
  min_duration_ms?: number
  max_duration_ms?: number
  kept: boolean
}
export const useSnapshots = (filter: SnapshotFilter) => useList<Api.Snapshot>('/snapshots', { ...filter }, 200)

/** A trace is what it is: no range, never refetched by itself. */
export function useTrace(id: string, { enabled = true }: TelemetryOptions = {}): Result<Api.Trace> {
  return useQuery<Api.Trace, ApiError>({ queryKey: ['trace', id], queryFn: ({ signal }) => get(`/traces/${id}`, {}, signal), staleTime: Number.POSITIVE_INFINITY, enabled })
}

/** Lists come newest first; what happened in a trace is read from its beginning. */
const inOrder = (logs: Api.Page<Api.LogRecord>): Api.Page<Api.LogRecord> => ({ ...logs, items: logs.items.toSorted((a, b) => a.at - b.at) })

export function useTraceLogs(trace: Api.Trace): Result<Api.Page<Api.LogRecord>> {
  const params = { trace_id: trace.trace_id, from: Math.floor(trace.start) - 60_000, to: Math.ceil(trace.start + trace.duration_ms) + 60_000, limit: 1000 }
  return useQuery<Api.Page<Api.LogRecord>, ApiError>({ queryKey: ['logs', params], queryFn: ({ signal }) => get('/logs', params, signal), staleTime: Number.POSITIVE_INFINITY, select: inOrder })
}

export function useAbout(): Result<Api.About> {
  return useQuery<Api.About, ApiError>({
    queryKey: ['about'],
    queryFn: async ({ signal }) => {
      const about = await get<Api.About>('/about', {}, signal)
      learnServerTime(about.server_time)
      return about
    },
    staleTime: 300_000,
  })
}

export const useConnect = () => useQuery<Api.Connect, ApiError>({ queryKey: ['connect'], queryFn: ({ signal }) => get('/connect', {}, signal), staleTime: 60_000 })
export const useAttempts = () => useQuery<Api.ConnectAttempts, ApiError>({ queryKey: ['attempts'], queryFn: ({ signal }) => get('/connect/attempts', {}, signal), refetchInterval: 3_000 })

export function storeLayout(application: number, positions: Api.LayoutPosition[]): Promise<void> {
  return write('PUT', `/applications/${application}/flow-map/layout`, { positions })
}
