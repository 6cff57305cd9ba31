import { useQueryClient } from '@tanstack/react-query'
import { useCallback, useSyncExternalStore } from 'react'
import type { PartialNote } from '../../api/types'
import { PartialNotice } from './Notices'

const SEPARATOR = '\n'

/** Of an answer, or of each page of a list. */
function reasonsOf(data: unknown): string[] {
  const { partial, pages } = (data ?? {}) as { partial?: PartialNote; pages?: unknown[] }
  return [...(partial?.reasons ?? []), ...(pages ?? []).flatMap(reasonsOf)]
}

/** One notice for the whole page when any answer on it is not whole. */
export function PartialBanner() {
  const cache = useQueryClient().getQueryCache()
  const subscribe = useCallback((changed: () => void) => cache.subscribe(changed), [cache])
  const reasons = useSyncExternalStore(subscribe, () => {
    const found = cache.findAll({ type: 'active' }).flatMap((query) => reasonsOf(query.state.data))
    return [...new Set(found)].sort().join(SEPARATOR)
  })
  return <PartialNotice partial={reasons ? { reasons: reasons.split(SEPARATOR) } : null} />
}
