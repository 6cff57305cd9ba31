import { useMemo } from 'react'
import type { Snapshot } from '../../api/types'
import { paths } from '../../app/paths'
import { OutcomeBadge } from '../../components/figures/OutcomeBadge'
import { RangeLink } from '../../components/link/RangeLink'
import type { Column } from '../../components/table/DataTable'
import { count, exact, responseTime } from '../../format/numbers'
import { exactMoment, moment } from '../../format/times'
import { useTimeRange } from '../../time/TimeRangeContext'
import page from '../page.module.css'
import type { Filter } from './model/filter'
import { useTransactionSearch } from './queries'
import { Results, type Found } from './Results'

function columnsOf(now: number, all: boolean): Column<Snapshot>[] {
  const application: Column<Snapshot> = { key: 'application', label: 'Application', value: (s) => s.application.name, render: (s) => s.application.name }
  return [
    {
      key: 'start',
      label: 'Start',
      value: (s) => s.start,
      render: (s) => (
        <RangeLink to={paths.trace(s.trace_id)} extra={{ span: s.entry_span_id }} title={exactMoment(s.start)}>
          {moment(s.start, now)}
        </RangeLink>
      ),
    },
    ...(all ? [application] : []),
    { key: 'bt', label: 'Business transaction', value: (s) => s.bt.name, render: (s) => (s.bt.id ? <span className={page.name}>{s.bt.name}</span> : 'none') },
    { key: 'tier', label: 'Tier', value: (s) => s.tier.name, render: (s) => s.tier.name },
    { key: 'outcome', label: 'Outcome', value: (s) => s.outcome, render: (s) => <OutcomeBadge outcome={s.outcome} /> },
    { key: 'duration_ms', label: 'Duration', numeric: true, value: (s) => s.duration_ms, render: (s) => <span title={exact(s.duration_ms, 'ms')}>{responseTime(s.duration_ms)}</span> },
    { key: 'spans', label: 'Spans', numeric: true, value: (s) => s.spans, render: (s) => count(s.spans) },
    { key: 'reason', label: 'Kept because', value: (s) => s.reason, render: (s) => s.reason ?? '–' },
    { key: 'trace_id', label: 'Trace id', render: (s) => <span className={page.mono}>{s.trace_id}</span> },
  ]
}

const foundOf = (s: Snapshot): Found => ({ key: s.trace_id + s.entry_span_id, trace: s.trace_id, span: s.entry_span_id, at: s.start, ms: s.duration_ms, failed: s.outcome === 'ERROR', label: s.bt.id ? s.bt.name : `at ${s.tier.name}` })

export function TransactionResults({ filter, application }: { filter: Filter; application: number | undefined }) {
  const query = useTransactionSearch(filter, application)
  const { now } = useTimeRange()
  const columns = useMemo(() => columnsOf(now, application === undefined), [now, application])
  return <Results query={query} what="transaction" columns={columns} foundOf={foundOf} empty="All traces are kept for 24 h, chosen ones longer; another range or other filters may show more." />
}
