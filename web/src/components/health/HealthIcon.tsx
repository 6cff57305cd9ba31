import { IconAlertTriangleFilled, IconCircleCheck, IconCircleDashed, IconExclamationCircleFilled } from '@tabler/icons-react'
import type { HealthLevel } from '../../api/types'
import { paths } from '../../app/paths'
import { plural } from '../../format/numbers'
import { RangeLink } from '../link/RangeLink'
import styles from './health.module.css'
import type { Healthy } from './queries'

const ICONS = { UNKNOWN: IconCircleDashed, NORMAL: IconCircleCheck, WARNING: IconAlertTriangleFilled, CRITICAL: IconExclamationCircleFilled }
export const HEALTH_WORDS: Record<HealthLevel, string> = { UNKNOWN: 'unknown', NORMAL: 'healthy', WARNING: 'warning', CRITICAL: 'critical' }
const RANK: Record<HealthLevel, number> = { UNKNOWN: 0, NORMAL: 1, WARNING: 2, CRITICAL: 3 }

/** Sorts the worst last. */
export const healthOrder = (known: Healthy | undefined): number | null => (known ? RANK[known.health] * 1000 + known.violations.length : null)

export function HealthSign({ health, size = 14 }: { health: HealthLevel; size?: number }) {
  const Icon = ICONS[health]
  return <Icon size={size} aria-hidden className={styles.sign} data-health={health} />
}

/** Why, a line a violation. */
export function reasonOf({ health, violations }: Healthy): string {
  if (violations.length > 0) return violations.slice(0, 6).map((one) => `${one.rule.name}: ${one.summary}`).join('\n')
  return health === 'UNKNOWN' ? 'No health rule can tell: nothing was reported' : 'No health rule is violated'
}

interface Props {
  known: Healthy | undefined
  /** Where all of its violations are; one leads to itself. */
  to: string
  extra?: Record<string, string | number>
  /** Whose health it is, for a screen reader. */
  name: string
}

/** How something is by its health rules: sign and word, why on hover, and a way to what is violated. */
export function HealthIcon({ known, to, extra, name }: Props) {
  if (!known) return <span title="No health rule affects it">–</span>
  const { health, violations } = known
  const [first] = violations
  // What is well takes no room in a table: its word is for who hovers or listens.
  if (!first) {
    return (
      <span className={styles.health} title={reasonOf(known)}>
        <HealthSign health={health} />
        <span className="sr-only">{HEALTH_WORDS[health]}</span>
      </span>
    )
  }
  const label = `${name} is ${HEALTH_WORDS[health]}: ${plural(violations.length, 'violation')}, ${first.rule.name}`
  return (
    <RangeLink className={styles.health} to={violations.length === 1 ? paths.violation(first.id) : to} extra={violations.length === 1 ? {} : extra} data-health={health} title={reasonOf(known)} aria-label={label} onClick={(event) => event.stopPropagation()}>
      <HealthSign health={health} />
      {violations.length > 1 ? violations.length : HEALTH_WORDS[health]}
    </RangeLink>
  )
}
