import { IconAlertOctagonFilled, IconAlertTriangleFilled } from '@tabler/icons-react'
import type { Figures } from '../../api/types'
import { errorShareText, percent } from '../../format/numbers'
import { severityOf, type Severity } from '../../format/severity'
import styles from './figures.module.css'

/** The sign that goes with a severity's colour. */
export function SeverityIcon({ severity, size = 13 }: { severity: Severity; size?: number }) {
  if (severity === 'normal') return null
  const Icon = severity === 'critical' ? IconAlertOctagonFilled : IconAlertTriangleFilled
  return <Icon size={size} className={styles[severity]} role="img" aria-label={severity === 'critical' ? 'critical error share' : 'raised error share'} />
}

export function ErrorShare({ figures }: { figures: Figures }) {
  const severity = severityOf(figures)
  return (
    <span className={`${styles.share} ${styles[severity] ?? ''}`} title={errorShareText(figures)}>
      <SeverityIcon severity={severity} />
      {figures.calls === 0 ? '–' : percent(figures.error_percent)}
    </span>
  )
}
