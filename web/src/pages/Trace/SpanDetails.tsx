import { ActionIcon } from '@mantine/core'
import { IconSearch, IconX } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import type { Attributes, LogRecord, Span, SpanEvent, Trace } from '../../api/types'
import { paths } from '../../app/paths'
import { Copy } from '../../components/copy/Copy'
import { EntityIcon } from '../../components/EntityIcon'
import { RangeLink } from '../../components/link/RangeLink'
import { exact, microseconds } from '../../format/numbers'
import { exactMoment } from '../../format/times'
import { useTimeRange } from '../../time/TimeRangeContext'
import { LogLine } from './TraceLogs'
import styles from './Trace.module.css'

interface Props {
  span: Span
  trace: Trace
  logs: LogRecord[]
  onClose(): void
}

/** Everything known of one span. */
export function SpanDetails({ span, trace, logs, onClose }: Props) {
  const own = logs.filter((l) => l.span_id === span.span_id)
  return (
    <aside className={styles.details} aria-label={`Span ${span.name}`}>
      <header>
        <h2>
          {span.name}
          <small>
            {span.tier.name} · {span.node.name}
          </small>
        </h2>
        <ActionIcon variant="subtle" color="gray" size="sm" aria-label="Close" onClick={onClose}>
          <IconX size={15} />
        </ActionIcon>
      </header>
      <div className={styles.detailsBody}>
        {span.status === 'ERROR' && (
          <p className={styles.errorBox} role="note">
            <strong>Failed</strong> {span.status_message}
          </p>
        )}
        <Facts span={span} trace={trace} />
        <ExitCall span={span} />
        {span.events.length > 0 && (
          <Section title={`Events (${span.events.length})`}>
            {span.events.map((event) => (
              <Event key={`${event.offset_us}-${event.name}`} event={event} />
            ))}
          </Section>
        )}
        {own.length > 0 && (
          <Section title={`Logs (${own.length})`}>
            {own.map((log) => (
              <LogLine key={`${log.at}-${log.body}`} log={log} start={trace.start} />
            ))}
          </Section>
        )}
        <AttributeSection title="Attributes" attributes={span.attributes} trace={trace} />
        <Links span={span} />
        <AttributeSection title="Resource" attributes={span.resource} trace={trace} />
      </div>
    </aside>
  )
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section>
      <h3>{title}</h3>
      {children}
    </section>
  )
}

function Facts({ span, trace }: { span: Span; trace: Trace }) {
  const ms = (us: number) => exact(us / 1000, 'ms')
  return (
    <dl className={styles.facts}>
      <dt>Duration</dt>
      <dd title={ms(span.duration_us)}>{microseconds(span.duration_us)}</dd>
      <dt>Own time</dt>
      <dd title={ms(span.self_us)}>{microseconds(span.self_us)}</dd>
      <dt>Start</dt>
      <dd title={exactMoment(trace.start + span.start_us / 1000)}>+{microseconds(span.start_us)}</dd>
      {span.skew_us !== 0 && (
        <>
          <dt>Clock corrected by</dt>
          <dd>{microseconds(Math.abs(span.skew_us))}</dd>
        </>
      )}
      <dt>Kind</dt>
      <dd>
        {span.kind.toLowerCase()}, {span.role}
      </dd>
      <dt>Recorded by</dt>
      <dd>{span.scope || '–'}</dd>
      <dt>Span id</dt>
      <dd className={styles.mono}>
        {span.span_id} <Copy text={span.span_id} label="Copy the span id" />
      </dd>
    </dl>
  )
}

function ExitCall({ span }: { span: Span }) {
  if (!span.exit) return null
  return (
    <Section title="Exit call">
      <p className={styles.exit}>
        <EntityIcon kind={span.exit.target.kind} type={span.exit.type} />
        {span.exit.type.toLowerCase()} to <b>{span.exit.target.name}</b>
        <small>{span.exit.target.kind}</small>
      </p>
    </Section>
  )
}

function Event({ event }: { event: SpanEvent }) {
  const { 'exception.stacktrace': stack, ...rest } = event.attributes
  return (
    <div className={styles.event}>
      <b>{event.name}</b> <small>+{microseconds(event.offset_us)}</small>
      <AttributeTable attributes={rest} />
      {typeof stack === 'string' && <pre>{stack}</pre>}
    </div>
  )
}

function Links({ span }: { span: Span }) {
  if (span.links.length === 0) return null
  return (
    <Section title="Links">
      {span.links.map((link) => (
        <RangeLink key={link.trace_id + link.span_id} to={paths.trace(link.trace_id)} extra={{ span: link.span_id }}>
          <code>{link.trace_id}</code>
        </RangeLink>
      ))}
    </Section>
  )
}

function AttributeSection({ title, attributes, trace }: { title: string; attributes: Attributes; trace: Trace }) {
  if (Object.keys(attributes).length === 0) return null
  return (
    <Section title={title}>
      <AttributeTable attributes={attributes} trace={trace} />
    </Section>
  )
}

/** With a trace, each value leads to the spans that have it too. */
export function AttributeTable({ attributes, trace }: { attributes: Attributes; trace?: Trace }) {
  const rows = Object.entries(attributes).sort(([a], [b]) => a.localeCompare(b))
  return (
    <table className={styles.attributes}>
      <tbody>
        {rows.map(([name, value]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td>
              {typeof value === 'string' ? value : JSON.stringify(value)}
              {trace && <SameLink trace={trace} name={name} value={value} />}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

const HALF_HOUR = 1_800_000

/** To the search of spans with an attribute; around the trace's time where the page's range does not have it. */
function SameLink({ trace, name, value }: { trace: Trace; name: string; value: unknown }) {
  const { window } = useTimeRange()
  // Lists and maps cannot be searched for.
  if (typeof value === 'object' || String(value).length > 256) return null
  const pair = `${name}=${String(value)}`
  const inRange = trace.start >= window.from && trace.start < window.to
  const around = inRange ? {} : { from: Math.floor(trace.start) - HALF_HOUR, to: Math.ceil(trace.start) + HALF_HOUR }
  return (
    <RangeLink to={paths.traces(trace.bts[0]?.application.id)} extra={{ ...around, attr: pair }} className={styles.same} title="Find spans with the same" aria-label={`Find spans with ${pair}`}>
      <IconSearch size={12} />
    </RangeLink>
  )
}
