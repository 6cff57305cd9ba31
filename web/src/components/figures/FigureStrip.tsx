import type { ReactNode } from 'react'
import type { Figures } from '../../api/types'
import { count, errorShareText, exact, milliseconds, NONE, percent, rateOf, responseTime, sampledText, short } from '../../format/numbers'
import { severityOf } from '../../format/severity'
import { BaselineState } from '../baseline/BaselineState'
import { deviationText } from '../baseline/state'
import { SeverityIcon } from './ErrorShare'
import styles from './figures.module.css'

/** One key figure: its name, value with unit, and the exact value on hover. */
export function Figure({ label, title, children }: { label: string; title: string; children: ReactNode }) {
  return (
    <div className={styles.figure} title={title}>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  )
}

const LABELS = { rate: 'Calls per minute', calls: 'Calls', average: 'Response time', p95: '95th percentile', errors: 'Errors', slow: 'Slow · very slow · stall', slowest: 'Slowest' }

interface Props {
  figures: Figures | null
  /** Only transactions are told slow from normal; of what they call there is nothing to count. */
  classed?: boolean
  children?: ReactNode
}

/** The key figures of anything measured by calls, in one row; dashes where nothing was reported. */
export function FigureStrip({ figures, classed = true, children }: Props) {
  if (!figures) {
    return (
      <dl className={styles.strip} aria-label="Key figures">
        {Object.values(LABELS).map((label) => (
          <Figure key={label} label={label} title="nothing was reported in this range">
            {NONE}
          </Figure>
        ))}
        {children}
      </dl>
    )
  }
  const severity = severityOf(figures)
  return (
    <dl className={styles.strip} aria-label="Key figures">
      <Figure label={LABELS.rate} title={exact(figures.calls_per_minute, 'calls/min')}>
        {rateOf(figures)} <small>/min</small>
      </Figure>
      <Figure label={LABELS.calls} title={exact(figures.calls, 'calls')}>
        {short(figures.calls)}
      </Figure>
      <Figure label={LABELS.average} title={`average ${exact(figures.average_ms, 'ms')}, weighted by calls`}>
        {responseTime(figures.average_ms)}
      </Figure>
      <Figure label={LABELS.p95} title={exact(figures.p95_ms, 'ms')}>
        {responseTime(figures.p95_ms)}
      </Figure>
      <Figure label={LABELS.errors} title={errorShareText(figures)}>
        <SeverityIcon severity={severity} size={15} />
        {short(figures.errors)} <small>{figures.calls ? percent(figures.error_percent) : ''}</small>
      </Figure>
      {classed && (
        <Figure label={LABELS.slow} title={`${count(figures.slow)} slow, ${count(figures.very_slow)} very slow, ${count(figures.stall)} stalled`}>
          {short(figures.slow)} <small>· {short(figures.very_slow)} · {short(figures.stall)}</small>
        </Figure>
      )}
      <Figure label={LABELS.slowest} title={exact(figures.max_ms, 'ms')}>
        {milliseconds(figures.max_ms)}
      </Figure>
      {figures.deviation && (
        <Figure label="Against its baseline" title={deviationText(figures.deviation)}>
          <BaselineState deviation={figures.deviation} />
        </Figure>
      )}
      {figures.sampled_percent !== null && (
        <Figure label="Sampled" title={sampledText(figures)}>
          {percent(figures.sampled_percent)}
        </Figure>
      )}
      {children}
    </dl>
  )
}
