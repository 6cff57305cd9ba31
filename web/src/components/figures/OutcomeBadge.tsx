import { IconAlertOctagonFilled, IconCheck, IconClockExclamation, IconClockPause, IconHourglassHigh } from '@tabler/icons-react'
import type { Outcome } from '../../api/types'
import styles from './figures.module.css'

const LOOKS: Record<Outcome, { label: string; Icon: typeof IconCheck }> = {
  NORMAL: { label: 'Normal', Icon: IconCheck },
  SLOW: { label: 'Slow', Icon: IconClockExclamation },
  VERY_SLOW: { label: 'Very slow', Icon: IconHourglassHigh },
  STALL: { label: 'Stall', Icon: IconClockPause },
  ERROR: { label: 'Error', Icon: IconAlertOctagonFilled },
}

export function OutcomeBadge({ outcome }: { outcome: Outcome }) {
  const { label, Icon } = LOOKS[outcome]
  return (
    <span className={styles.badge} data-outcome={outcome}>
      <Icon size={12} aria-hidden />
      {label}
    </span>
  )
}
