// One way to the REST API: same origin, session cookie, CSRF header on writes, errors as ApiError.
// It knows no endpoint; queries.ts does.
import type { ErrorBody } from './types'

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message)
    this.name = 'ApiError'
  }
}

/** A list is sent as one parameter for each of its texts. */
export type Params = Record<string, string | number | boolean | readonly string[] | null | undefined>

let csrfToken = ''
export function rememberCsrfToken(token: string): void {
  csrfToken = token
}

export function pathWith(path: string, params: Params = {}): string {
  const query = new URLSearchParams()
  for (const [key, value] of Object.entries(params)) {
    if (Array.isArray(value)) for (const one of value as readonly string[]) query.append(key, one)
    else if (value !== null && value !== undefined && value !== '') query.set(key, String(value))
  }
  const text = query.toString()
  return text ? `${path}?${text}` : path
}

async function errorOf(response: Response): Promise<ApiError> {
  try {
    const { error } = (await response.json()) as ErrorBody
    return new ApiError(response.status, error.code, error.message)
  } catch {
    return new ApiError(response.status, 'unreadable', `The server answered ${response.status} ${response.statusText}.`)
  }
}

async function send(path: string, init: RequestInit): Promise<Response> {
  let response: Response
  try {
    response = await fetch(`/api/v1${path}`, { credentials: 'same-origin', ...init })
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause
    throw new ApiError(0, 'unreachable', 'The server cannot be reached. Check that Vedette is running and that this machine has a way to it.')
  }
  if (!response.ok) throw await errorOf(response)
  return response
}

export async function get<T>(path: string, params?: Params, signal?: AbortSignal): Promise<T> {
  const response = await send(pathWith(path, params), { signal, headers: { accept: 'application/json' } })
  return (await response.json()) as T
}

export async function write<T>(method: 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<T> {
  const response = await send(path, {
    method,
    headers: { accept: 'application/json', 'content-type': 'application/json', 'x-csrf-token': csrfToken },
    body: body === undefined ? undefined : JSON.stringify(body),
  })
  return (response.status === 204 ? undefined : await response.json()) as T
}
