import type { ReactNode } from 'react'
import type { Result } from '../../api/queries'
import type { PartialNote } from '../../api/types'
import { Failed } from './Failed'
import { Loading } from './Loading'
import { PartialNotice, StaleNotice } from './Notices'

interface Props<T> {
  query: Result<T>
  /** For the sentences: "Could not load {what}". */
  what: string
  lines?: number
  children(data: T): ReactNode
}

/** Loading, failed, partial and stale around what an answer draws; "empty" is the drawing's own to say. */
export function Loaded<T extends object>({ query, what, lines, children }: Props<T>) {
  if (query.data === undefined) {
    if (query.error) return <Failed what={what} error={query.error} retry={() => void query.refetch()} />
    return <Loading what={what} lines={lines} />
  }
  const partial = 'partial' in query.data ? (query.data.partial as PartialNote) : null
  return (
    <>
      {query.error && <StaleNotice error={query.error} since={query.dataUpdatedAt} />}
      <PartialNotice partial={partial} />
      {children(query.data)}
    </>
  )
}
