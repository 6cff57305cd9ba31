import type { Trace } from '../../api/types'
import { paths } from '../../app/paths'
import { Card } from '../../components/card/Card'
import { Copy } from '../../components/copy/Copy'
import { OutcomeBadge } from '../../components/figures/OutcomeBadge'
import { RangeLink } from '../../components/link/RangeLink'
import { count, exact, milliseconds, plural } from '../../format/numbers'
import { exactMoment } from '../../format/times'
import { CompareWith } from './CompareWith'
import styles from './Trace.module.css'

/** Which transaction this is, when, how long, and which tiers took part. */
export function TraceHead({ trace, colours }: { trace: Trace; colours: ReadonlyMap<number, string> }) {
  const errors = trace.spans.filter((s) => s.status === 'ERROR').length
  const tiers = new Map(trace.spans.map((s) => [s.tier.id, s.tier.name]))
  return (
    <Card>
      <div className={styles.head}>
        {trace.bts.map((bt) => (
          <span key={bt.id} className={styles.bt}>
            <OutcomeBadge outcome={bt.outcome} />
            <h1>
              <RangeLink to={paths.businessTransaction(bt.application.id, bt.id)}>{bt.name}</RangeLink>
            </h1>
            <small>
              <RangeLink to={paths.application(bt.application.id)}>{bt.application.name}</RangeLink>
              {bt.reason && `, kept because: ${bt.reason}`}
            </small>
          </span>
        ))}
        {trace.bts.length === 0 && <h1>Trace of no business transaction</h1>}
        <span className={styles.id}>
          <code>{trace.trace_id}</code>
          <Copy text={trace.trace_id} label="Copy the trace id" />
          <CompareWith trace={trace} />
        </span>
      </div>
      <div className={styles.summary}>
        <span title={exact(trace.duration_ms, 'ms')}>
          <b>{milliseconds(trace.duration_ms)}</b>
        </span>
        <span>{exactMoment(trace.start)}</span>
        <span>{plural(trace.spans.length, 'span')}</span>
        {errors > 0 && <span className={styles.errors}>{plural(errors, 'failed span')}</span>}
        {trace.dropped_spans > 0 && <span className={styles.errors}>{count(trace.dropped_spans)} more were counted and not kept</span>}
        <ul className={styles.tiers} aria-label="Tiers of this trace">
          {[...tiers].map(([id, name]) => (
            <li key={id}>
              <i style={{ background: colours.get(id) }} />
              {name}
            </li>
          ))}
        </ul>
      </div>
    </Card>
  )
}
