import { IconAlertTriangle, IconCircleX, IconInfoCircle } from '@tabler/icons-react'
import type { EventSeverity } from '../../api/types'
import styles from './Severity.module.css'
import { SEVERITY_NAMES } from './kinds'

const ICONS = { INFO: IconInfoCircle, WARN: IconAlertTriangle, ERROR: IconCircleX }

/** How bad an event is, by colour, sign and word. */
export function SeverityBadge({ severity }: { severity: EventSeverity }) {
  const Icon = ICONS[severity]
  return (
    <span className={styles.badge} data-severity={severity}>
      <Icon size={13} aria-hidden />
      {SEVERITY_NAMES[severity]}
    </span>
  )
}
