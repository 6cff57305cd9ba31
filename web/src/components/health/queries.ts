// How entities are by the health rules, and which violations say so.
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { get, type ApiError } from '../../api/client'
import type { Result } from '../../api/queries'
import type * as Api from '../../api/types'

export const HEALTH = 'health'
/** Rules are judged once a minute. */
const REFRESH_MS = 20_000

function useNow<Body>(path: string, params: Record<string, string | number | undefined>, enabled = true): Result<Body> {
  return useQuery<Body, ApiError>({ queryKey: [HEALTH, path, params], queryFn: ({ signal }) => get(path, params, signal), enabled, refetchInterval: REFRESH_MS, staleTime: REFRESH_MS / 2 })
}

/** What is violated now, of an application or of all. */
export const useOpenViolations = (application?: number, enabled = true) => useNow<Api.Page<Api.Violation>>('/violations', { application, status: 'OPEN', limit: 1000 }, enabled)

export interface Healthy {
  health: Api.HealthLevel
  /** Those that are open, the worst first. */
  violations: readonly Api.Violation[]
}

/** What is known of an entity; undefined where no rule affects it, or nothing is known yet. */
export type HealthOf = (entity: number) => Healthy | undefined

const worstFirst = (a: Api.Violation, b: Api.Violation) => Number(b.level === 'CRITICAL') - Number(a.level === 'CRITICAL') || a.opened_at - b.opened_at

export function groupedBy(violations: readonly Api.Violation[], key: (one: Api.Violation) => number): Map<number, Api.Violation[]> {
  const found = new Map<number, Api.Violation[]>()
  for (const one of violations) {
    const of = found.get(key(one))
    if (of) of.push(one)
    else found.set(key(one), [one])
  }
  for (const of of found.values()) of.sort(worstFirst)
  return found
}

/** How the entities of an application are; of none, nothing is known. */
export function useHealth(application: number | null): HealthOf {
  const entities = useNow<Api.EntityHealths>(`/applications/${application}/entity-health`, {}, application !== null).data
  const open = useOpenViolations(application ?? undefined, application !== null).data
  return useMemo(() => {
    const levels = new Map(entities?.entities.map((one) => [one.id, one.health]))
    const violations = groupedBy(open?.items ?? [], (one) => one.entity.id)
    return (entity) => {
      const health = levels.get(entity)
      return health && { health, violations: violations.get(entity) ?? [] }
    }
  }, [entities, open])
}

/** How applications are: the worst of what is violated in them. */
export function useApplicationsHealth(enabled = true): HealthOf {
  const open = useOpenViolations(undefined, enabled).data
  return useMemo(() => {
    const violations = open && groupedBy(open.items, (one) => one.application.id)
    return (application) => {
      const of = violations?.get(application) ?? []
      return violations && { health: of[0]?.level ?? 'NORMAL', violations: of }
    }
  }, [open])
}
