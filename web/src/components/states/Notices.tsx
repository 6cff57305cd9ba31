import { IconAlertTriangle, IconPlugConnectedX } from '@tabler/icons-react'
import type { ApiError } from '../../api/client'
import type { PartialNote } from '../../api/types'
import { timeOf } from '../../format/times'
import styles from './states.module.css'

/** The answer is there but not whole. */
export function PartialNotice({ partial }: { partial: PartialNote }) {
  if (!partial) return null
  return (
    <div className={`${styles.notice} ${styles.partial}`} role="status" data-state="partial">
      <IconAlertTriangle size={16} aria-hidden />
      <span>
        <strong>Partial:</strong> {partial.reasons.join('; ')}. Figures may be too low.
      </span>
    </div>
  )
}

/** The last refresh failed; what is on the screen is older. */
export function StaleNotice({ error, since }: { error: ApiError; since: number }) {
  return (
    <div className={`${styles.notice} ${styles.stale}`} role="alert" data-state="stale">
      <IconPlugConnectedX size={16} aria-hidden />
      <span>
        <strong>Not refreshed</strong> since {timeOf(since)}: {error.message}
      </span>
    </div>
  )
}
