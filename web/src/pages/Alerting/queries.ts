import { keepPreviousData, useInfiniteQuery, useMutation, useQueries, useQuery, useQueryClient } from '@tanstack/react-query'
import { useDebouncedValue } from '@mantine/hooks'
import { get, write, type ApiError, type Params } from '../../api/client'
import type { ListResult, Result } from '../../api/queries'
import type * as Api from '../../api/types'
import type * as T from './types'

const ALERTING = 'alerting'

/** Lists that are asked for whole. */
function useAll<Row>(path: string, params: Params = {}): Result<Api.Page<Row>> {
  return useQuery<Api.Page<Row>, ApiError>({ queryKey: [ALERTING, path, params], queryFn: ({ signal }) => get(path, { ...params, limit: 1000 }, signal) })
}

function useOne<Body>(path: string, enabled: boolean): Result<Body> {
  return useQuery<Body, ApiError>({ queryKey: [ALERTING, path], queryFn: ({ signal }) => get(path, {}, signal), enabled })
}

/** A draft has no name at first, and what it would do does not depend on one. */
const named = <Draft extends { name: string }>(draft: Draft): Draft => (draft.name.trim() ? draft : { ...draft, name: 'Not named yet' })

/** What the server says of a draft, a moment after its last change; null: there is nothing yet to ask about. */
function usePreview<Draft extends { name: string }, Answer>(path: string, draft: Draft | null): Result<Answer> {
  const [settled] = useDebouncedValue(draft, 350)
  return useQuery<Answer, ApiError>({ queryKey: [ALERTING, path, settled], queryFn: () => write<Answer>('POST', path, settled && named(settled)), enabled: draft !== null && settled !== null, placeholderData: keepPreviousData, retry: false, gcTime: 10_000 })
}

/** A change after which all of alerting is asked for again. */
function useChange<Asked, Answer>(change: (asked: Asked) => Promise<Answer>) {
  const client = useQueryClient()
  return useMutation<Answer, ApiError, Asked>({ mutationFn: change, onSuccess: () => client.invalidateQueries({ queryKey: [ALERTING] }) })
}

const save = <Draft, Answer>(path: string) => ({ id, draft }: { id: number | null; draft: Draft }) => write<Answer>(id === null ? 'POST' : 'PUT', id === null ? path : `${path}/${id}`, draft)

export type PolicyKind = 'policies' | 'digests'
export const useOptions = () => useOne<T.NoticeOptions>('/notice-options', true)
export const usePolicies = (kind: PolicyKind, application: number | null) => useAll<T.Policy>(`/${kind}`, { application })
export const usePolicy = (kind: PolicyKind, id: number | null) => useOne<T.Policy>(`/${kind}/${id}`, id !== null)
export const useSavePolicy = (kind: PolicyKind) => useChange(save<T.NewPolicy, T.Policy>(`/${kind}`))
export const useDeletePolicy = (kind: PolicyKind) => useChange((id: number) => write<void>('DELETE', `/${kind}/${id}`))
/** What it does shows before it has a name, which the server asks for. */
export const usePolicyPreview = (draft: T.NewPolicy) => usePreview<T.NewPolicy, T.PolicyPreview>('/policies/preview', draft)

export const useActions = (application: number | null = null) => useAll<T.Action>('/actions', { application })
export const useAction = (id: number | null) => useOne<T.Action>(`/actions/${id}`, id !== null)
export const useSaveAction = () => useChange(save<T.NewAction, T.Action>('/actions'))
export const useDeleteAction = () => useChange((id: number) => write<void>('DELETE', `/actions/${id}`))
export const useTestAction = () => useChange((id: number) => write<T.DeliveryAttempt>('POST', `/actions/${id}/test`))
export const useActionPreview = (draft: T.NewAction | null) => usePreview<T.NewAction, T.ActionPreview>('/actions/preview', draft)

export const useSuppressions = (begin: number, days: number, application: number | null) => useAll<T.Suppression>('/suppressions', { begin, days, application })
export const useSuppression = (id: number | null) => useOne<T.Suppression>(`/suppressions/${id}`, id !== null)
export const useSaveSuppression = () => useChange(save<T.NewSuppression, T.Suppression>('/suppressions'))
export const useDeleteSuppression = () => useChange((id: number) => write<void>('DELETE', `/suppressions/${id}`))

export function useDeliveries(params: Params): ListResult<T.Delivery> {
  return useInfiniteQuery<Api.Page<T.Delivery>, ApiError, Api.Page<T.Delivery>, readonly unknown[], string | null>({
    queryKey: [ALERTING, '/deliveries', params],
    queryFn: ({ signal, pageParam }) => get<Api.Page<T.Delivery>>('/deliveries', { ...params, limit: 100, cursor: pageParam }, signal),
    initialPageParam: null,
    getNextPageParam: (last) => last.next,
    select: ({ pages }) => ({ items: pages.flatMap((one) => one.items), next: pages.at(-1)?.next ?? null, partial: null }),
    refetchInterval: 10_000,
  })
}
export const useDelivery = (id: number | null) => useOne<T.DeliveryDetail>(`/deliveries/${id}`, id !== null)

export const useSettings = () => useOne<T.NotificationSettings>('/notification-settings', true)
export const useSaveSettings = () => useChange((settings: T.NewNotificationSettings) => write<T.NotificationSettings>('PUT', '/notification-settings', settings))
export const useTestMail = () => useChange((to: string) => write<T.DeliveryAttempt>('POST', '/notification-settings/test', { to }))

/** Entities of an application, by what they are called. */
export function useEntities(application: number | null, kind: T.SelectedKind): Result<Api.Page<Api.Ref>> {
  const lists: Partial<Record<T.SelectedKind, string>> = { tier: 'tiers', node: 'nodes', business_transaction: 'business-transactions', backend: 'backends', error: 'errors', service_endpoint: 'service-endpoints' }
  const path = kind === 'application' ? '/applications' : `/applications/${application}/${lists[kind]}`
  return useQuery<Api.Page<Api.Ref>, ApiError>({ queryKey: [ALERTING, 'entities', path], queryFn: ({ signal }) => get(path, { limit: 1000 }, signal), enabled: application !== null || kind === 'application', staleTime: 60_000 })
}

/** Applications whose rules are offered where none was picked: nearly all begin with the same ones. */
const OFFERED_OF = 30

/** What health rules of an application, or of all, are called. */
export function useRuleNames(application: number | null): string[] {
  const all = useEntities(null, 'application').data?.items ?? []
  const whose = application === null ? all.slice(0, OFFERED_OF).map(({ id }) => id) : [application]
  return useQueries({
    queries: whose.map((id) => ({
      queryKey: [ALERTING, 'rules', id],
      queryFn: ({ signal }: { signal: AbortSignal }) => get<Api.Page<{ rule: { name: string } }>>(`/applications/${id}/health-rules`, { limit: 1000 }, signal),
      staleTime: 60_000,
      // Names are an offer: who may not see an application's rules types them.
      retry: false,
    })),
    combine: (found) => [...new Set(found.flatMap(({ data }) => data?.items.map(({ rule }) => rule.name) ?? []))].toSorted(),
  })
}
