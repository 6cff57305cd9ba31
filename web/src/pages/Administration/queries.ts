import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { get, write, type ApiError } from '../../api/client'
import type { Result } from '../../api/queries'
import type * as Api from '../../api/types'

/** What whoever runs Vedette looks at moves by the second: it is asked for again while it is on the screen. */
function useOperations<T>(path: string): Result<T> {
  return useQuery<T, ApiError>({ queryKey: ['administration', path], queryFn: ({ signal }) => get(path, {}, signal), refetchInterval: 10_000 })
}

export const useStorage = () => useOperations<Api.Storage>('/storage')
export const useLimits = () => useOperations<Api.Limits>('/limits')
export const useHealth = () => useOperations<Api.Health>('/health')
export const useAccessKeys = () => useOperations<Api.Page<Api.AccessKey>>('/access-keys')

/** A change after which a list is asked for again. */
function useChange<Asked, Answer>(path: string, change: (asked: Asked) => Promise<Answer>) {
  const client = useQueryClient()
  return useMutation<Answer, ApiError, Asked>({ mutationFn: change, onSuccess: () => client.invalidateQueries({ queryKey: ['administration', path] }) })
}

export const useCreateKey = () => useChange('/access-keys', (name: string) => write<Api.AccessKey>('POST', '/access-keys', { name }))
export const useDisableKey = () => useChange('/access-keys', (id: number) => write<Api.AccessKey>('DELETE', `/access-keys/${id}`))

export const useApiClients = () => useOperations<Api.Page<Api.ApiClient>>('/api-clients')
export const useCreateClient = () => useChange('/api-clients', (client: { name: string; description: string; token_seconds: number; roles: number[] }) => write<Api.ApiClientSecret>('POST', '/api-clients', client))
export const useChangeClient = () =>
  useChange('/api-clients', ({ id, ...body }: { id: number; description: string; token_seconds: number; roles: number[] }) => write<Api.ApiClient>('PUT', `/api-clients/${id}`, body))
/** The secret before goes on being taken for so long. */
export const useReplaceSecret = () =>
  useChange('/api-clients', ({ id, overlap_seconds }: { id: number; overlap_seconds: number }) => write<Api.ApiClientSecret>('POST', `/api-clients/${id}/secret`, { overlap_seconds }))
export const useDeleteClient = () => useChange('/api-clients', (id: number) => write<void>('DELETE', `/api-clients/${id}`))
