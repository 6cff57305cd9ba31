import { useQuery } from '@tanstack/react-query'
import { createContext, useContext, useMemo, type ReactNode } from 'react'
import { get, type ApiError } from '../../api/client'
import { useTelemetry, type Result } from '../../api/queries'
import type { Event, Page } from '../../api/types'
import { TELEMETRY } from '../../time/TimeRangeContext'

interface Value {
  application: number
  /** The entity that the page is about; null: the application itself. */
  about: number | null
  events: readonly Event[]
}

const Context = createContext<Value | null>(null)

interface Props {
  application: number
  about: number | null
  /** Of charts that show another time than the page's range. */
  window?: { from: number; to: number }
  children: ReactNode
}

/** Marks on all the charts of a page: asked for once, however many charts there are. */
export function ChartEvents({ application, about, window, children }: Props) {
  const ofRange = useTelemetry<Page<Event>>('/events', { application, limit: 500 }, { enabled: window === undefined })
  const ofWindow = useEventsOf(application, window)
  const { data } = window ? ofWindow : ofRange
  const value = useMemo(() => ({ application, about, events: data?.items ?? [] }), [application, about, data])
  return <Context.Provider value={value}>{children}</Context.Provider>
}

function useEventsOf(application: number, window: Props['window']): Result<Page<Event>> {
  return useQuery<Page<Event>, ApiError>({
    queryKey: [TELEMETRY, '/events', 'of', application, window?.from, window?.to],
    queryFn: ({ signal }) => get('/events', { application, limit: 500, ...window }, signal),
    enabled: window !== undefined,
    staleTime: 20_000,
  })
}

/** Null on pages of no application: their charts have no marks. */
export const useChartEvents = () => useContext(Context)
