import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { get, write, type ApiError } from '../../api/client'
import { useList, useTelemetry, type Result } from '../../api/queries'
import type * as Api from '../../api/types'
import { TELEMETRY, useTimeRange } from '../../time/TimeRangeContext'

export interface EventFilter {
  application?: number
  type: string
  severity: string
  text: string
  unresolved?: boolean
}

export const useEvents = (filter: EventFilter) => useList<Api.Event>('/events', { ...filter }, 200)
/** Of what else there is: by types and severities, whichever are chosen. */
export const useEventSummary = ({ application, text, unresolved }: EventFilter) => useTelemetry<Api.EventSummary>('/events/summary', { application, text, unresolved })

export function useEvent(id: number | null): Result<Api.Event> {
  return useQuery<Api.Event, ApiError>({ queryKey: [TELEMETRY, '/events', 'one', id], queryFn: ({ signal }) => get(`/events/${id}`, {}, signal), enabled: id !== null })
}

function useChange<Asked>(change: (asked: Asked) => Promise<Api.Event>) {
  const client = useQueryClient()
  return useMutation<Api.Event, ApiError, Asked>({
    mutationFn: change,
    onSuccess: () => Promise.all(['/events', '/events/summary'].map((path) => client.invalidateQueries({ queryKey: [TELEMETRY, path] }))),
  })
}

export function usePostEvent() {
  const { refresh } = useTimeRange()
  return useChange(async (event: Partial<Api.NewEvent> & Pick<Api.NewEvent, 'application' | 'type' | 'summary'>) => {
    const made = await write<Api.Event>('POST', '/events', event)
    // It lies after the end of the range as it stands.
    refresh()
    return made
  })
}

export const useMarkEvent = (id: number) => useChange((marks: Partial<Api.EventMarks>) => write<Api.Event>('PUT', `/events/${id}/marks`, marks))
