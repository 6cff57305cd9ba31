// Who is signed in. Any 401 of any question ends the session here, and the page asks to sign in again.
import { QueryCache, QueryClient, useQuery, useQueryClient } from '@tanstack/react-query'
import { ApiError, get, rememberCsrfToken, write } from './client'
import type { Session } from './types'

const SESSION = ['session']

function retryable(error: unknown): boolean {
  return !(error instanceof ApiError) || error.status === 0 || error.status >= 500 || error.status === 429
}

export function createQueryClient(): QueryClient {
  const client: QueryClient = new QueryClient({
    defaultOptions: { queries: { refetchOnWindowFocus: false, gcTime: 120_000, retry: (failures, error) => failures < 1 && retryable(error) } },
    queryCache: new QueryCache({
      onError: (error, query) => {
        if (error instanceof ApiError && error.status === 401 && query.queryKey[0] !== 'session') client.setQueryData(SESSION, null)
      },
    }),
  })
  return client
}

async function currentSession(): Promise<Session | null> {
  try {
    const session = await get<Session>('/session')
    rememberCsrfToken(session.csrf_token)
    return session
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return null
    throw error
  }
}

export function useSession() {
  return useQuery<Session | null, ApiError>({ queryKey: SESSION, queryFn: currentSession, staleTime: Number.POSITIVE_INFINITY })
}

export function useSignIn() {
  const client = useQueryClient()
  return async (user: string, password: string) => {
    const session = await write<Session>('POST', '/session', { user, password })
    rememberCsrfToken(session.csrf_token)
    client.setQueryData(SESSION, session)
  }
}

export function useSignOut() {
  const client = useQueryClient()
  return async () => {
    await write<void>('DELETE', '/session')
    client.clear()
    client.setQueryData(SESSION, null)
  }
}
