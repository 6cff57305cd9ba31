import { useMatch } from 'react-router'
import { useApplication, useTrace } from '../api/queries'
import type { Ref } from '../api/types'

/**
 * The application that the page at hand is about: named in its path, or the one whose transaction the trace is.
 * Null for pages of all; undefined while it is asked for.
 */
export function useCurrentApplication(): Ref | null | undefined {
  const numbered = useMatch('/applications/:applicationId/*')?.params.applicationId
  // The map of all applications stands beside them.
  const id = numbered && /^\d+$/.test(numbered) ? numbered : undefined
  const named = useMatch('/traces/:traceId')?.params.traceId
  // A trace, not another page that stands beside them.
  const traceId = named && /^[0-9a-f]{32}$/.test(named) ? named : undefined
  const application = useApplication(Number(id), id !== undefined)
  const trace = useTrace(traceId ?? '', { enabled: traceId !== undefined })
  if (id !== undefined) return application.data ?? (application.isPending ? undefined : null)
  if (traceId !== undefined) return trace.data?.bts[0]?.application ?? (trace.isPending ? undefined : null)
  return null
}
