// Layouts of a map that are kept under a name.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { get, write, type ApiError } from '../../../api/client'
import type { MapPart, Result } from '../../../api/queries'
import type { NewSavedLayout, Page, Ref, SavedLayout, SavedLayoutDetail } from '../../../api/types'

/** The name of a map, as layouts are kept of it. */
export function scopeOf(application: number, part?: MapPart): string {
  if (!part) return `application:${application}`
  if ('all' in part) return 'all'
  if ('bt' in part) return `business-transaction:${part.bt}`
  if ('group' in part) return `transaction-group:${application}.${part.group}`
  if ('node' in part) return `node:${part.node}`
  return 'tier' in part ? `tier:${part.tier}` : `backend:${part.backend}`
}

const LIST = 'layouts'
export const detailKey = (id: number) => ['layout', id]

export function useLayouts(scope: string): Result<Page<SavedLayout>> {
  return useQuery<Page<SavedLayout>, ApiError>({ queryKey: [LIST, scope], queryFn: ({ signal }) => get('/flow-map-layouts', { scope, limit: 100 }, signal), staleTime: 60_000 })
}

export function useLayout(id: number | null): Result<SavedLayoutDetail> {
  return useQuery<SavedLayoutDetail, ApiError>({ queryKey: detailKey(id ?? 0), queryFn: ({ signal }) => get(`/flow-map-layouts/${id}`, {}, signal), enabled: id !== null, staleTime: 60_000 })
}

const bodyOf = ({ scope, name, default: isDefault, positions, groups }: NewSavedLayout): NewSavedLayout => ({ scope, name, default: isDefault, positions, groups })
export const putLayout = (id: number, layout: NewSavedLayout) => write('PUT', `/flow-map-layouts/${id}`, bodyOf(layout))

/** Changes of layouts; what is shown of them is asked for again. */
export function useLayoutChanges(scope: string) {
  const client = useQueryClient()
  const refresh = () => Promise.all([client.invalidateQueries({ queryKey: [LIST, scope] }), client.invalidateQueries({ queryKey: ['layout'] })])
  const create = useMutation<Ref, ApiError, NewSavedLayout>({ mutationFn: (layout) => write('POST', '/flow-map-layouts', bodyOf(layout)), onSuccess: refresh })
  const replace = useMutation<unknown, ApiError, { id: number; layout: NewSavedLayout }>({ mutationFn: ({ id, layout }) => putLayout(id, layout), onSuccess: refresh })
  const remove = useMutation<unknown, ApiError, number>({ mutationFn: (id) => write('DELETE', `/flow-map-layouts/${id}`), onSuccess: refresh })
  return { create, replace, remove }
}
