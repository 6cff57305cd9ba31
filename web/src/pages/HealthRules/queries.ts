// Health rules, schedules, back-tests.
import { useDebouncedValue } from '@mantine/hooks'
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { get, write, type ApiError } from '../../api/client'
import type { Result } from '../../api/queries'
import type * as Api from '../../api/types'
import { HEALTH } from '../../components/health/queries'
import type * as T from './types'

const RULES = 'health-rules'

const under = (application: number, rest: string) => `/applications/${application}/${rest}`

function useRead<Body>(path: string, params = {}, enabled = true): Result<Body> {
  return useQuery<Body, ApiError>({ queryKey: [RULES, path, params], queryFn: ({ signal }) => get(path, params, signal), enabled })
}

/** A change after which rules are asked for again, and how entities are by them. */
function useChange<Asked, Answer>(change: (asked: Asked) => Promise<Answer>) {
  const client = useQueryClient()
  return useMutation<Answer, ApiError, Asked>({
    mutationFn: change,
    onSuccess: async () => {
      await Promise.all([client.invalidateQueries({ queryKey: [RULES] }), client.invalidateQueries({ queryKey: [HEALTH] })])
    },
  })
}

export const useRules = (application: number) => useRead<Api.Page<T.HealthRule>>(under(application, 'health-rules'), { limit: 1000 })
export const useRule = (application: number, id: number | null) => useRead<T.HealthRule>(under(application, `health-rules/${id}`), {}, id !== null)
export const useSaveRule = (application: number) =>
  useChange(({ id, rule }: { id: number | null; rule: T.Rule }) => write<T.HealthRule>(id === null ? 'POST' : 'PUT', under(application, id === null ? 'health-rules' : `health-rules/${id}`), rule))
export const useDeleteRule = (application: number) => useChange((id: number) => write<void>('DELETE', under(application, `health-rules/${id}`)))
export const useEnableRule = (application: number) => useChange(({ id, enabled }: { id: number; enabled: boolean }) => write<T.HealthRule>('PUT', under(application, `health-rules/${id}/enabled`), { enabled }))

export const useSchedules = (application: number) => useRead<Api.Page<T.RuleSchedule>>(under(application, 'schedules'), { limit: 1000 })
export const useSaveSchedule = (application: number) =>
  useChange(({ id, schedule }: { id: number | null; schedule: T.Schedule }) => write<T.RuleSchedule>(id === null ? 'POST' : 'PUT', under(application, id === null ? 'schedules' : `schedules/${id}`), schedule))
export const useDeleteSchedule = (application: number) => useChange((id: number) => write<void>('DELETE', under(application, `schedules/${id}`)))

/** Whom a rule would judge just now, a moment after the last change. */
export function useAffected(application: number, affects: T.Affects, enabled: boolean): Result<T.AffectedEntities> {
  const [settled] = useDebouncedValue(affects, 300)
  const path = under(application, 'health-rules/affected')
  return useQuery<T.AffectedEntities, ApiError>({ queryKey: [RULES, path, settled], queryFn: () => write('POST', path, settled), placeholderData: keepPreviousData, enabled, retry: false, gcTime: 10_000 })
}

/** What a rule would have found: asked for by hand, since it reads a lot. */
export const useBackTest = (application: number) => useMutation<T.BackTest, ApiError, T.NewBackTest>({ mutationFn: (asked) => write('POST', under(application, 'health-rules/back-test'), asked) })

/** The same of one entity over a fixed time, which is asked for as a page is opened. */
export function useChartOf(application: number, asked: T.NewBackTest | null): Result<T.BackTest> {
  const path = under(application, 'health-rules/back-test')
  return useQuery<T.BackTest, ApiError>({ queryKey: [RULES, path, asked], queryFn: () => write('POST', path, asked), enabled: asked !== null, staleTime: 60_000, placeholderData: keepPreviousData, retry: false })
}

/** What can be named in a scope: entities of the application by what they are called. */
export function useNames(application: number, list: string | null): string[] {
  const path = under(application, list ?? '')
  const found = useQuery<Api.Page<Api.Ref>, ApiError>({ queryKey: [RULES, 'names', path], queryFn: ({ signal }) => get(path, { limit: 1000 }, signal), enabled: list !== null, staleTime: 60_000 })
  return [...new Set((found.data?.items ?? []).map((one) => one.name))].sort((a, b) => a.localeCompare(b))
}
