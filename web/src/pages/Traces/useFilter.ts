import { useCallback, useMemo } from 'react'
import { useSearchParams } from 'react-router'
import { filterOf, withFilter, type Filter } from './model/filter'

/** The search of the page, which is in the URL: each change is a place to come back to. */
export function useFilter(): [Filter, (change: Partial<Filter>) => void] {
  const [params, setParams] = useSearchParams()
  const filter = useMemo(() => filterOf(params), [params])
  const set = useCallback((change: Partial<Filter>) => setParams((before) => withFilter(before, { ...filterOf(before), ...change })), [setParams])
  return [filter, set]
}
