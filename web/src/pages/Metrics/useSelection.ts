import { useCallback } from 'react'
import { useSearchParams } from 'react-router'
import { MAX_SERIES } from './model/series'

export interface Chosen {
  paths: string[]
  /** A further one has no place. */
  full: boolean
  toggle(path: string): void
  clear(): void
}

/** The chosen metric paths; they are in the URL, one `m` each. */
export function useSelection(): Chosen {
  const [params, setParams] = useSearchParams()
  const paths = [...new Set(params.getAll('m'))].slice(0, MAX_SERIES)
  const change = useCallback(
    (next: (before: string[]) => string[]) =>
      setParams((before) => {
        const after = new URLSearchParams(before)
        after.delete('m')
        for (const path of next(before.getAll('m'))) after.append('m', path)
        return after
      }),
    [setParams],
  )
  const toggle = useCallback((path: string) => change((before) => (before.includes(path) ? before.filter((p) => p !== path) : [...before, path].slice(0, MAX_SERIES))), [change])
  const clear = useCallback(() => change(() => []), [change])
  return { paths, full: paths.length >= MAX_SERIES, toggle, clear }
}
