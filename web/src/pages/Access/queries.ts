// Users, groups, roles, sessions and the audit log.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { get, write, type ApiError } from '../../api/client'
import type { Result } from '../../api/queries'
import type * as Api from '../../api/types'

const LIST = { limit: 1000 }

function useList<T>(path: string): Result<Api.Page<T>> {
  return useQuery<Api.Page<T>, ApiError>({ queryKey: ['access', path], queryFn: ({ signal }) => get(path, LIST, signal) })
}

export const useUsers = () => useList<Api.User>('/users')
export const useGroups = () => useList<Api.Group>('/groups')
export const useRoles = () => useList<Api.Role>('/roles')
export const useSessions = () => useList<Api.ListedSession>('/sessions')
export const useOwnSessions = () => useList<Api.ListedSession>('/profile/sessions')

export function usePermissions() {
  return useQuery<Api.Permissions, ApiError>({ queryKey: ['access', '/permissions'], queryFn: ({ signal }) => get('/permissions', {}, signal), staleTime: Number.POSITIVE_INFINITY })
}

/** Users have roles, groups have users, sessions are of users: after a change all of them are asked for again. */
function useChange<Asked, Answer>(change: (asked: Asked) => Promise<Answer>) {
  const client = useQueryClient()
  return useMutation<Answer, ApiError, Asked>({ mutationFn: change, onSuccess: () => client.invalidateQueries({ queryKey: ['access'] }) })
}

/** Makes one, or puts it in the place of the one with this id. */
function useSave<Body, Answer>(path: string) {
  return useChange(({ id, body }: { id: number | null; body: Body }) => (id === null ? write<Answer>('POST', path, body) : write<Answer>('PUT', `${path}/${id}`, body)))
}

export const useCreateUser = () => useChange((body: Api.NewUser) => write<Api.User>('POST', '/users', body))
export const useSaveUser = () => useChange(({ id, body }: { id: number; body: Api.UserChange }) => write<Api.User>('PUT', `/users/${id}`, body))
export const useSaveGroup = () => useSave<Api.NewGroup, Api.Group>('/groups')
export const useSaveRole = () => useSave<Api.NewRole, Api.Role>('/roles')
export const useDelete = (path: string) => useChange((id: number | string) => write<void>('DELETE', `${path}/${id}`))
export const useSetPassword = () => useChange(({ id, password }: { id: number; password: string }) => write<void>('PUT', `/users/${id}/password`, { password, must_change_password: true }))
export const useUnlock = () => useChange((id: number) => write<void>('DELETE', `/users/${id}/lock`))
export const useEndSessions = () => useChange((id: number) => write<void>('DELETE', `/users/${id}/sessions`))

export function useChangePassword() {
  const client = useQueryClient()
  return useMutation<void, ApiError, { current: string; new: string }>({
    mutationFn: (body) => write<void>('PUT', '/profile/password', body),
    onSuccess: () => Promise.all([client.invalidateQueries({ queryKey: ['session'] }), client.invalidateQueries({ queryKey: ['access'] })]),
  })
}
