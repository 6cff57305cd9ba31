import { createContext, useContext, useMemo, type ReactNode } from 'react'
import { useTelemetry } from '../../api/queries'
import type { Event, Page } from '../../api/types'

interface Value {
  application: number
  /** The entity that the page is about; null: the application itself. */
  about: number | null
  events: readonly Event[]
}

const Context = createContext<Value | null>(null)

/** Marks on all the charts of a page: asked for once, however many charts there are. */
export function ChartEvents({ application, about, children }: { application: number; about: number | null; children: ReactNode }) {
  const { data } = useTelemetry<Page<Event>>('/events', { application, limit: 500 })
  const value = useMemo(() => ({ application, about, events: data?.items ?? [] }), [application, about, data])
  return <Context.Provider value={value}>{children}</Context.Provider>
}

/** Null on pages of no application: their charts have no marks. */
export const useChartEvents = () => useContext(Context)
