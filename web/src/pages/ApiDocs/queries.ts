import { useQuery } from '@tanstack/react-query'
import { get, type ApiError } from '../../api/client'
import type { Result } from '../../api/queries'
import type { ApiDocument } from './document'

/** The document changes with the server only. */
export function useDocument(): Result<ApiDocument> {
  return useQuery<ApiDocument, ApiError>({
    queryKey: ['openapi'],
    queryFn: ({ signal }) => get<ApiDocument>('/openapi.json', {}, signal),
    staleTime: Number.POSITIVE_INFINITY,
  })
}
