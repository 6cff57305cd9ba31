import type { ReactNode } from 'react'
import type { ListResult, Result } from '../../api/queries'
import { Failed } from './Failed'
import { Loading } from './Loading'
import { StaleNotice } from './Notices'

interface Props<T> {
  query: Pick<Result<T> | ListResult<unknown>, 'error' | 'refetch' | 'dataUpdatedAt'> & { data: T | undefined }
  /** For the sentences: "Could not load {what}". */
  what: string
  lines?: number
  children(data: T): ReactNode
}

/** Loading, failed and stale around what an answer draws. "Empty" is the drawing's own to say; "partial" is said once a page (PartialBanner). */
export function Loaded<T extends object>({ query, what, lines, children }: Props<T>) {
  if (query.data === undefined) {
    if (query.error) return <Failed what={what} error={query.error} retry={() => void query.refetch()} />
    return <Loading what={what} lines={lines} />
  }
  return (
    <>
      {query.error && <StaleNotice error={query.error} since={query.dataUpdatedAt} />}
      {children(query.data)}
    </>
  )
}
