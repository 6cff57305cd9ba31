// What the search of traces asks.
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { get, write, type ApiError } from '../../api/client'
import { useList, type Result } from '../../api/queries'
import type { FoundSpan, Page, SavedSearch, Snapshot, Suggestions } from '../../api/types'
import { useTimeRange } from '../../time/TimeRangeContext'
import { spanParams, transactionParams, type Filter } from './model/filter'

/** Rows of one page of an answer. */
const LIMIT = 500

export const useTransactionSearch = (filter: Filter, application: number | undefined) => useList<Snapshot>('/snapshots', transactionParams(filter, application), LIMIT)
export const useSpanSearch = (filter: Filter, application: number | undefined) => useList<FoundSpan>('/spans', spanParams(filter, application), LIMIT)

export interface Asked {
  application: number | undefined
  tier: number | null
  /** Values of this key; keys without one. */
  key: string | null
  part: string
}

/** As many as stand below one another without a bar to scroll them, which no keyboard would reach. */
const SUGGESTED = 12

/** Keys or values of attributes. They hardly change: a range that moves does not ask again. */
export function useSuggestions({ application, tier, key, part }: Asked, enabled: boolean): Result<Suggestions> {
  const { key: range, window } = useTimeRange()
  const path = key === null ? '/span-attributes' : '/span-attributes/values'
  return useQuery<Suggestions, ApiError>({
    queryKey: ['suggestions', path, application, tier, key, part, range],
    queryFn: ({ signal }) => get(path, { application, tier, key, part, limit: SUGGESTED, from: window.from, to: window.to }, signal),
    enabled,
    staleTime: 60_000,
    placeholderData: (before, query) => (query?.queryKey[1] === path && query.queryKey[4] === key ? keepPreviousData(before) : undefined),
  })
}

const SAVED = ['saved-searches']

export function useSavedSearches(enabled: boolean): Result<Page<SavedSearch>> {
  return useQuery<Page<SavedSearch>, ApiError>({ queryKey: SAVED, queryFn: ({ signal }) => get('/saved-searches', { limit: 1000 }, signal), enabled, staleTime: 60_000 })
}

export function useSaveSearch() {
  const client = useQueryClient()
  return useMutation<SavedSearch, ApiError, { name: string; query: string }>({
    mutationFn: (search) => write('POST', '/saved-searches', search),
    onSuccess: () => client.invalidateQueries({ queryKey: SAVED }),
  })
}

export function useDeleteSearch() {
  const client = useQueryClient()
  return useMutation<void, ApiError, number>({
    mutationFn: (id) => write('DELETE', `/saved-searches/${id}`),
    onSuccess: () => client.invalidateQueries({ queryKey: SAVED }),
  })
}
