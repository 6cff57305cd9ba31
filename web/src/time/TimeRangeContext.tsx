// The one time range of the page, read from the URL, and its clock: a relative range moves every 10 s and
// refetches what is on the screen; an absolute one never does.
import { useQueryClient } from '@tanstack/react-query'
import { createContext, useCallback, useContext, useEffect, useMemo, useState, type ReactNode } from 'react'
import { useSearchParams } from 'react-router'
import { serverNow } from './clock'
import { keyOf, rangeFromParams, rangeToParams, windowOf, type Range, type Window } from './range'

export const REFRESH_MS = 10_000
export const TELEMETRY = 'telemetry'

export interface TimeRange {
  range: Range
  /** Stable while the range is the same, however time goes on: for query keys. */
  key: string
  /** The range in UTC milliseconds as of the last tick. */
  window: Window
  now: number
  live: boolean
  setRange(range: Range): void
  setPaused(paused: boolean): void
  refresh(): void
}

const Context = createContext<TimeRange | null>(null)

export function useTimeRange(): TimeRange {
  const value = useContext(Context)
  if (!value) throw new Error('useTimeRange outside TimeRangeProvider')
  return value
}

export function TimeRangeProvider({ children }: { children: ReactNode }) {
  const [params, setParams] = useSearchParams()
  const client = useQueryClient()
  const [now, setNow] = useState(serverNow)
  const range = useMemo(() => rangeFromParams(params), [params])
  const live = range.kind === 'relative' && params.get('live') !== 'off'
  const refresh = useCallback(() => setNow(serverNow()), [])

  useEffect(() => {
    if (!live) return undefined
    const tick = () => document.visibilityState === 'visible' && setNow(serverNow())
    const timer = setInterval(tick, REFRESH_MS)
    document.addEventListener('visibilitychange', tick)
    return () => {
      clearInterval(timer)
      document.removeEventListener('visibilitychange', tick)
    }
  }, [live])

  const relative = range.kind === 'relative'
  useEffect(() => {
    if (relative) void client.invalidateQueries({ queryKey: [TELEMETRY] })
    // oxlint-disable-next-line react/exhaustive-effect-dependencies -- each tick of the clock is a refetch
  }, [now, relative, client])

  const change = useCallback(
    (changes: Record<string, string | null>) =>
      setParams((before) => {
        const after = new URLSearchParams(before)
        for (const [name, value] of Object.entries(changes)) {
          if (value === null) after.delete(name)
          else after.set(name, value)
        }
        return after
      }),
    [setParams],
  )

  const value = useMemo<TimeRange>(
    () => ({
      range,
      key: keyOf(range),
      window: windowOf(range, now),
      now,
      live,
      setRange: (next) => {
        setNow(serverNow())
        change(rangeToParams(next))
      },
      setPaused: (paused) => change({ live: paused ? 'off' : null }),
      refresh,
    }),
    [range, now, live, change, refresh],
  )
  return <Context value={value}>{children}</Context>
}
