import { IconHistory, IconPlayerPauseFilled } from '@tabler/icons-react'
import { useTimeRange } from '../time/TimeRangeContext'
import styles from './Header.module.css'

/** Says whether the page moves with time, and holds or resumes it. A past range never moves. */
export function LiveControl() {
  const { range, live, setPaused } = useTimeRange()
  if (range.kind === 'absolute') {
    return (
      <button type="button" className={styles.live} disabled title="A past range does not refresh">
        <IconHistory size={14} aria-hidden /> Past
      </button>
    )
  }
  return (
    <button type="button" className={styles.live} data-live={live || undefined} aria-pressed={live} title={live ? 'Refreshes every 10 s. Press to pause.' : 'Paused. Press to refresh every 10 s.'} onClick={() => setPaused(live)}>
      {live ? <span className={styles.dot} aria-hidden /> : <IconPlayerPauseFilled size={12} aria-hidden />}
      {live ? 'Live' : 'Paused'}
    </button>
  )
}
