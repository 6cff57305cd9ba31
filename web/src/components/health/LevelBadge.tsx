import { IconAlertTriangleFilled, IconCircleCheck, IconCircleX, IconExclamationCircleFilled } from '@tabler/icons-react'
import type { AnomalyStatus, Level, ViolationStatus } from '../../api/types'
import styles from './health.module.css'

const LOOK = {
  WARNING: { icon: IconAlertTriangleFilled, word: 'Warning' },
  CRITICAL: { icon: IconExclamationCircleFilled, word: 'Critical' },
}

/** How bad a violation is, by colour, sign and word. */
export function LevelBadge({ level }: { level: Level }) {
  const { icon: Icon, word } = LOOK[level]
  return (
    <span className={styles.badge} data-level={level}>
      <Icon size={12} aria-hidden />
      {word}
    </span>
  )
}

const STATUS = {
  OPEN: { icon: IconExclamationCircleFilled, word: 'Open' },
  RESOLVED: { icon: IconCircleCheck, word: 'Resolved' },
  CANCELED: { icon: IconCircleX, word: 'Canceled' },
  CLOSED: { icon: IconCircleCheck, word: 'Closed' },
}

/** How a violation or an anomaly stands; an open one by its level. */
export function StatusBadge({ status, level }: { status: ViolationStatus | AnomalyStatus; level: Level }) {
  if (status === 'OPEN') return <LevelBadge level={level} />
  const { icon: Icon, word } = STATUS[status]
  return (
    <span className={styles.badge} data-level={status} title={`was ${level.toLowerCase()}`}>
      <Icon size={12} aria-hidden />
      {word}
    </span>
  )
}
