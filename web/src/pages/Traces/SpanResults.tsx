import { IconAlertOctagonFilled } from '@tabler/icons-react'
import { useMemo } from 'react'
import type { FoundSpan } from '../../api/types'
import { paths } from '../../app/paths'
import { RangeLink } from '../../components/link/RangeLink'
import type { Column } from '../../components/table/DataTable'
import { exact, milliseconds } from '../../format/numbers'
import { exactMoment, moment } from '../../format/times'
import { useTimeRange } from '../../time/TimeRangeContext'
import page from '../page.module.css'
import type { Filter } from './model/filter'
import { useSpanSearch } from './queries'
import { Results, type Found } from './Results'
import styles from './Traces.module.css'

function columnsOf(now: number, all: boolean): Column<FoundSpan>[] {
  const application: Column<FoundSpan> = { key: 'application', label: 'Application', value: (s) => s.application.name, render: (s) => s.application.name }
  return [
    {
      key: 'start',
      label: 'Start',
      value: (s) => s.start,
      render: (s) => (
        <RangeLink to={paths.trace(s.trace_id)} extra={{ span: s.span_id }} title={exactMoment(s.start)}>
          {moment(s.start, now)}
        </RangeLink>
      ),
    },
    ...(all ? [application] : []),
    { key: 'tier', label: 'Tier', value: (s) => s.tier.name, render: (s) => s.tier.name },
    { key: 'name', label: 'Operation', value: (s) => s.name, render: (s) => <span className={page.name}>{s.name}</span> },
    { key: 'kind', label: 'Kind', value: (s) => s.kind, render: (s) => s.kind.toLowerCase() },
    { key: 'status', label: 'Status', value: (s) => s.status, render: (s) => <Status span={s} /> },
    { key: 'duration_ms', label: 'Duration', numeric: true, value: (s) => s.duration_ms, render: (s) => <span title={exact(s.duration_ms, 'ms')}>{milliseconds(s.duration_ms)}</span> },
    { key: 'node', label: 'Node', value: (s) => s.node.name, render: (s) => s.node.name },
    { key: 'trace_id', label: 'Trace id', render: (s) => <span className={page.mono}>{s.trace_id}</span> },
  ]
}

function Status({ span }: { span: FoundSpan }) {
  if (span.status !== 'ERROR') return <span>{span.status === 'OK' ? 'ok' : '–'}</span>
  return (
    <span className={styles.failed}>
      <IconAlertOctagonFilled size={13} aria-hidden /> failed
    </span>
  )
}

const foundOf = (s: FoundSpan): Found => ({ key: s.trace_id + s.span_id, trace: s.trace_id, span: s.span_id, at: s.start, ms: s.duration_ms, failed: s.status === 'ERROR', label: `${s.tier.name}: ${s.name}` })

export function SpanResults({ filter, application }: { filter: Filter; application: number | undefined }) {
  const query = useSpanSearch(filter, application)
  const { now } = useTimeRange()
  const columns = useMemo(() => columnsOf(now, application === undefined), [now, application])
  return <Results query={query} what="span" columns={columns} foundOf={foundOf} empty="An attribute matches by its whole value, in the same letters. All traces are kept for 24 h, chosen ones longer." />
}
