import { useMatch } from 'react-router'
import { useApplications, useTrace } from '../api/queries'
import type { Ref } from '../api/types'

/** The application that the page at hand is about: named in its path, or the one whose transaction the trace is; null for pages of all. */
export function useCurrentApplication(): Ref | null {
  const applications = useApplications().data?.items ?? []
  const id = useMatch('/applications/:applicationId/*')?.params.applicationId
  const traceId = useMatch('/traces/:traceId')?.params.traceId
  const trace = useTrace(traceId ?? '', { enabled: traceId !== undefined })
  if (traceId !== undefined) return trace.data?.bts[0]?.application ?? null
  return applications.find((a) => String(a.id) === id) ?? null
}
