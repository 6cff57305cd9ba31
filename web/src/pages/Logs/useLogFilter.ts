import { useCallback, useMemo } from 'react'
import { useSearchParams } from 'react-router'
import { filterOf, withChange, type Change, type LogFilter } from './model/filter'

export interface FilterState {
  filter: LogFilter
  /** The page is of all applications: one of them may be chosen. */
  all: boolean
  /** A step that Back takes back. */
  narrow(change: Change): void
  /** The same while typing, without a step for every letter. */
  type(change: Change): void
}

/** The filter of the logs page; it lives in the URL. */
export function useLogFilter(application: number | null): FilterState {
  const [params, setParams] = useSearchParams()
  // The same object while it says the same: other parameters change too.
  const text = JSON.stringify(filterOf(params, application))
  const filter = useMemo(() => JSON.parse(text) as LogFilter, [text])
  const narrow = useCallback((change: Change) => setParams((before) => withChange(before, change)), [setParams])
  const type = useCallback((change: Change) => setParams((before) => withChange(before, change), { replace: true }), [setParams])
  return { filter, all: application === null, narrow, type }
}
