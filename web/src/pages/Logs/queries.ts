// What the logs page asks: records page by page, their counts, and what came in lately.
import { useInfiniteQuery } from '@tanstack/react-query'
import { useEffect, useMemo, useState } from 'react'
import { ApiError, get } from '../../api/client'
import { useTelemetry, type ListResult, type Result } from '../../api/queries'
import type { LogRecord, LogSummary, Page } from '../../api/types'
import { useNodeNames } from '../../components/name/queries'
import { serverNow } from '../../time/clock'
import type { Window } from '../../time/range'
import { askedOf, type LogFilter } from './model/filter'
import { added, EMPTY, OVERLAP_MS, POLL_LIMIT, type Tail } from './model/tail'

const PAGE = 200
const POLL_MS = 2_000
/** Clocks of agents may be ahead. */
const AHEAD_MS = 5_000

const NO_NODES: LogSummary['by_node']['items'] = []

/** Counts for the page's range; they move with it. */
export function useLogSummary(filter: LogFilter): Result<LogSummary> {
  return useTelemetry<LogSummary>('/logs/summary', { ...askedOf(filter), bars: 90 })
}

/** The same with nodes of one name told apart. */
export function useDistinctSummary(summary: LogSummary | undefined): LogSummary | undefined {
  const nameOf = useNodeNames(summary?.by_node.items ?? NO_NODES)
  return useMemo(() => summary && { ...summary, by_node: { ...summary.by_node, items: summary.by_node.items.map((node) => ({ ...node, name: nameOf(node) })) } }, [summary, nameOf])
}

/** The records of a fixed time, so that a list somebody reads does not move. */
export function useLogs(filter: LogFilter, window: Window, enabled: boolean): ListResult<LogRecord> {
  return useInfiniteQuery<Page<LogRecord>, ApiError, Page<LogRecord>, readonly unknown[], string | null>({
    queryKey: ['log-records', filter, window.from, window.to],
    queryFn: ({ signal, pageParam }) => get<Page<LogRecord>>('/logs', { ...askedOf(filter), limit: PAGE, cursor: pageParam, from: window.from, to: window.to }, signal),
    initialPageParam: null,
    getNextPageParam: (last) => last.next,
    select: ({ pages }) => ({ items: pages.flatMap((page) => page.items), next: pages.at(-1)?.next ?? null, partial: pages.find((page) => page.partial)?.partial ?? null }),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 30_000,
    // While time goes on; records of another filter are no stand-in.
    placeholderData: (before, query) => (JSON.stringify(query?.queryKey[1]) === JSON.stringify(filter) ? before : undefined),
    enabled,
  })
}

export interface LiveTail {
  tail: Tail
  error: ApiError | null
}

/** What comes in from now on, polled while it is on and not paused. A new filter begins anew. */
export function useTail(filter: LogFilter, on: boolean, paused: boolean): LiveTail {
  const [state, setState] = useState<LiveTail & { of: LogFilter }>({ tail: EMPTY, error: null, of: filter })
  useEffect(() => {
    if (!on || paused) return undefined
    const stop = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    const poll = async () => {
      const now = serverNow()
      const [from, to] = [now - OVERLAP_MS, now + AHEAD_MS]
      try {
        const page = await get<Page<LogRecord>>('/logs', { ...askedOf(filter), limit: POLL_LIMIT, from, to }, stop.signal)
        setState((before) => ({ tail: added(before.of === filter ? before.tail : EMPTY, page.items, { from, to: now, more: page.next !== null }), error: null, of: filter }))
      } catch (error) {
        if (stop.signal.aborted) return
        setState((before) => ({ ...before, error: error instanceof ApiError ? error : new ApiError(0, 'unreadable', String(error)) }))
      }
      if (!stop.signal.aborted) timer = setTimeout(() => void poll(), POLL_MS)
    }
    void poll()
    return () => {
      stop.abort()
      clearTimeout(timer)
    }
  }, [filter, on, paused])
  return on && state.of === filter ? state : { tail: EMPTY, error: null }
}
