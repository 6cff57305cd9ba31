import { useQueryClient } from '@tanstack/react-query'
import { useCallback, useSyncExternalStore } from 'react'
import type { PartialNote } from '../../api/types'
import { PartialNotice } from './Notices'

const SEPARATOR = '\n'

/** One notice for the whole page when any answer on it is not whole. */
export function PartialBanner() {
  const cache = useQueryClient().getQueryCache()
  const subscribe = useCallback((changed: () => void) => cache.subscribe(changed), [cache])
  const reasons = useSyncExternalStore(subscribe, () => {
    const found = cache.findAll({ type: 'active' }).flatMap((query) => (query.state.data as { partial?: PartialNote } | null | undefined)?.partial?.reasons ?? [])
    return [...new Set(found)].sort().join(SEPARATOR)
  })
  return <PartialNotice partial={reasons ? { reasons: reasons.split(SEPARATOR) } : null} />
}
