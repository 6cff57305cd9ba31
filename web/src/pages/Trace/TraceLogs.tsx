import type { Result } from '../../api/queries'
import type { LogRecord, Page, Trace } from '../../api/types'
import { Empty } from '../../components/states/Empty'
import { Loaded } from '../../components/states/Loaded'
import { milliseconds } from '../../format/numbers'
import { exactMoment } from '../../format/times'
import styles from './Trace.module.css'

interface Props {
  query: Result<Page<LogRecord>>
  trace: Trace
  onSpan(spanId: string): void
}

export function TraceLogs({ query, trace, onSpan }: Props) {
  return (
    <div className={styles.logs}>
      <Loaded query={query} what="the logs">
        {({ items }: Page<LogRecord>) =>
          items.length ? items.map((log) => <LogLine key={`${log.at}-${log.span_id}-${log.body}`} log={log} start={trace.start} onSpan={onSpan} />) : <Empty title="No log record carries this trace’s id">Agents that record logs put the trace id on them.</Empty>
        }
      </Loaded>
    </div>
  )
}

export function LogLine({ log, start, onSpan }: { log: LogRecord; start: number; onSpan?: (spanId: string) => void }) {
  const { span_id: spanId } = log
  return (
    <div className={styles.log} data-severity={log.severity}>
      <time title={exactMoment(log.at)}>+{milliseconds(Math.max(0, log.at - start))}</time>
      <em>{log.severity}</em>
      <span>{log.tier.name}</span>
      <p>{log.body}</p>
      {onSpan && spanId && (
        <button type="button" onClick={() => onSpan(spanId)}>
          span
        </button>
      )}
    </div>
  )
}
