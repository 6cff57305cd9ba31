// Page state that lives in the URL beside the range, and links that keep the range.
import { useCallback } from 'react'
import { useSearchParams } from 'react-router'

const RANGE_PARAMS = ['range', 'from', 'to', 'live']

/** One parameter as state; writing `null` or the default removes it. Replaces history, so Back leaves the page. */
export function useUrlState(name: string, fallback = ''): [string, (value: string | null) => void] {
  const [params, setParams] = useSearchParams()
  const set = useCallback(
    (value: string | null) =>
      setParams(
        (before) => {
          const after = new URLSearchParams(before)
          if (value === null || value === fallback) after.delete(name)
          else after.set(name, value)
          return after
        },
        { replace: true },
      ),
    [setParams, name, fallback],
  )
  return [params.get(name) ?? fallback, set]
}

export type Extra = Record<string, string | number | null | undefined>

export function withRange(path: string, params: URLSearchParams, extra: Extra = {}): string {
  const kept = new URLSearchParams()
  for (const name of RANGE_PARAMS) {
    const value = params.get(name)
    if (value !== null) kept.set(name, value)
  }
  for (const [name, value] of Object.entries(extra)) if (value !== null && value !== undefined) kept.set(name, String(value))
  const query = kept.toString()
  return query ? `${path}?${query}` : path
}

/** Makes paths that carry the current range along. */
export function useHref(): (path: string, extra?: Extra) => string {
  const [params] = useSearchParams()
  return useCallback((path, extra) => withRange(path, params, extra), [params])
}
