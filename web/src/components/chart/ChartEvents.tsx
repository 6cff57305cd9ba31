import { useQuery } from '@tanstack/react-query'
import { createContext, useContext, useMemo, type ReactNode } from 'react'
import { get, type ApiError, type Params } from '../../api/client'
import { useTelemetry, type Result } from '../../api/queries'
import type { Event, Page } from '../../api/types'
import { TELEMETRY } from '../../time/TimeRangeContext'

interface Value {
  application: number
  /** The entity that the page is about; null: the application itself. */
  about: number | null
  events: readonly Event[]
}

/** The newest of each kind. */
const MOST = 500

/** What people and agents changed is marked whomever it is about: it may be why a neighbour is slow. */
const CHANGES = 'APPLICATION_DEPLOYMENT,APPLICATION_CONFIG_CHANGE,APP_SERVER_RESTART,CUSTOM,AGENT_EVENT,APPLICATION_DISCOVERED,TIER_DISCOVERED,CONTROLLER_LIMIT_REACHED'
/** What began or ended; that it goes on is no moment. Of others than the page is about they would hide what is changed. */
const TROUBLES = ['POLICY', 'ANOMALY'].flatMap((what) => ['OPEN_WARNING', 'OPEN_CRITICAL', 'UPGRADED', 'DOWNGRADED', 'CLOSE_WARNING', 'CLOSE_CRITICAL', 'CANCELED_WARNING', 'CANCELED_CRITICAL'].map((became) => `${what}_${became}`)).join(',')

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
  const changes = useEventsOf({ application, type: CHANGES }, window)
  const own = useEventsOf({ application, type: TROUBLES, ...(about !== null && { entity: about }) }, window)
  const events = useMemo(() => [changes.data, own.data].flatMap((page) => page?.items ?? []), [changes.data, own.data])
  const value = useMemo(() => ({ application, about, events }), [application, about, events])
  return <Context.Provider value={value}>{children}</Context.Provider>
}

function useEventsOf(filter: Params, window: Props['window']): Result<Page<Event>> {
  const asked = { ...filter, limit: MOST }
  const ofRange = useTelemetry<Page<Event>>('/events', asked, { enabled: window === undefined })
  const ofWindow = useQuery<Page<Event>, ApiError>({
    queryKey: [TELEMETRY, '/events', 'of', filter, window?.from, window?.to],
    queryFn: ({ signal }) => get('/events', { ...asked, ...window }, signal),
    enabled: window !== undefined,
    staleTime: 20_000,
  })
  return window ? ofWindow : ofRange
}

/** Null on pages of no application: their charts have no marks. */
export const useChartEvents = () => useContext(Context)
