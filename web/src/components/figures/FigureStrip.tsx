import type { ReactNode } from 'react'
import type { Figures } from '../../api/types'
import { count, exact, milliseconds, percent, rateOf, responseTime, sampledText, short } from '../../format/numbers'
import { severityOf } from '../../format/severity'
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

/** The key figures of anything measured by calls, in one row. */
export function FigureStrip({ figures, children }: { figures: Figures; children?: ReactNode }) {
  const severity = severityOf(figures)
  return (
    <dl className={styles.strip} aria-label="Key figures">
      <Figure label="Calls per minute" title={exact(figures.calls_per_minute, 'calls/min')}>
        {rateOf(figures)} <small>/min</small>
      </Figure>
      <Figure label="Calls" title={exact(figures.calls, 'calls')}>
        {short(figures.calls)}
      </Figure>
      <Figure label="Response time" title={`average ${exact(figures.average_ms, 'ms')}, weighted by calls`}>
        {responseTime(figures.average_ms)}
      </Figure>
      <Figure label="95th percentile" title={exact(figures.p95_ms, 'ms')}>
        {responseTime(figures.p95_ms)}
      </Figure>
      <Figure label="Errors" title={`${count(figures.errors)} of ${count(figures.calls)} calls, ${exact(figures.error_percent, '%')}`}>
        <SeverityIcon severity={severity} size={15} />
        {short(figures.errors)} <small>{figures.calls ? percent(figures.error_percent) : ''}</small>
      </Figure>
      <Figure label="Slow · very slow · stall" title={`${count(figures.slow)} slow, ${count(figures.very_slow)} very slow, ${count(figures.stall)} stalled`}>
        {short(figures.slow)} <small>· {short(figures.very_slow)} · {short(figures.stall)}</small>
      </Figure>
      <Figure label="Slowest" title={exact(figures.max_ms, 'ms')}>
        {milliseconds(figures.max_ms)}
      </Figure>
      {figures.sampled_percent !== null && (
        <Figure label="Sampled" title={sampledText(figures)}>
          {percent(figures.sampled_percent)}
        </Figure>
      )}
      {children}
    </dl>
  )
}
