import { memo } from 'react'
import type { LogRecord } from '../../api/types'
import { paths } from '../../app/paths'
import { RangeLink } from '../../components/link/RangeLink'
import { exactMoment, preciseMoment } from '../../format/times'
import { attributeText } from './model/filter'
import styles from './Logs.module.css'
import type { FilterState } from './useLogFilter'

/** Said as the logger already. */
const LOGGER = 'otel.scope.name'

interface Props {
  record: LogRecord
  now: number
  open: boolean
  state: FilterState
  onToggle(id: string): void
}

/** One record in a line; opened, its whole text, whose it is, and its attributes. */
export const LogRow = memo(function LogRow({ record, now, open, state, onToggle }: Props) {
  return (
    <div className={styles.record} data-open={open || undefined} data-everywhere={state.filter.application === null || undefined}>
      <button type="button" className={styles.line} aria-expanded={open} onClick={() => onToggle(record.id)}>
        <time title={exactMoment(record.at)}>{preciseMoment(record.at, now)}</time>
        <em data-severity={record.severity}>{record.severity === 'UNSPECIFIED' ? '–' : record.severity}</em>
        <span className={styles.tier} title={record.node?.name}>
          {state.filter.application === null && `${record.application.name} › `}
          {record.tier.name}
        </span>
        <span className={styles.text}>{record.body || '(empty)'}</span>
      </button>
      {open && <Details record={record} state={state} />}
    </div>
  )
})

function Details({ record, state: { filter, narrow } }: { record: LogRecord; state: FilterState }) {
  const { trace_id: trace, span_id: span, node, logger } = record
  const add = (text: string) => narrow({ attributes: [...new Set([...filter.attributes, text])].slice(-8) })
  return (
    <div className={styles.details}>
      <pre>{record.body}</pre>
      <dl>
        <Fact name="time">{exactMoment(record.at)}</Fact>
        <Fact name="application">
          <RangeLink to={paths.application(record.application.id)}>{record.application.name}</RangeLink>
        </Fact>
        <Fact name="tier" onOnly={() => narrow({ tier: record.tier.id })}>
          {record.tier.name}
        </Fact>
        {node && (
          <Fact name="node" onOnly={() => narrow({ node: node.id })}>
            {node.name}
          </Fact>
        )}
        {logger !== null && (
          <Fact name="logger" onOnly={() => narrow({ logger })}>
            {logger}
          </Fact>
        )}
        {trace !== null && (
          <Fact name="trace" onOnly={filter.trace === trace ? undefined : () => narrow({ trace })} only="its logs">
            <RangeLink to={paths.trace(trace)} extra={{ span }}>
              {trace}
            </RangeLink>
          </Fact>
        )}
        {Object.entries(record.attributes).filter(([key]) => key !== LOGGER).map(([key, value]) => {
          const text = attributeText(key, value)
          return (
            <Fact key={key} name={key} onOnly={text === null || filter.attributes.includes(text) ? undefined : () => add(text)}>
              {typeof value === 'string' ? value : JSON.stringify(value)}
            </Fact>
          )
        })}
      </dl>
    </div>
  )
}

interface FactProps {
  name: string
  /** Narrows to records of which this is so too. */
  onOnly?(): void
  only?: string
  children: React.ReactNode
}

function Fact({ name, onOnly, only = 'only', children }: FactProps) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {children}
        {onOnly && (
          <button type="button" aria-label={only === 'only' ? `Only records of this ${name}` : `Logs of this ${name}`} onClick={onOnly}>
            {only}
          </button>
        )}
      </dd>
    </div>
  )
}
