import { useMemo } from 'react'
import type { OperationChange } from '../../api/types'
import { paths } from '../../app/paths'
import { Card } from '../../components/card/Card'
import { RangeLink } from '../../components/link/RangeLink'
import { Empty } from '../../components/states/Empty'
import { DataTable, type Column } from '../../components/table/DataTable'
import { exact, percent, responseTime, short } from '../../format/numbers'
import page from '../page.module.css'
import { ratioText } from '../FlowMap/model/changes'

/** What the slowest operations did before it began, and since. */
export function OperationsCard({ application, operations }: { application: number; operations: OperationChange[] }) {
  const columns = useMemo(() => columnsOf(application), [application])
  return (
    <Card title="Slowest operations, before and after" note="an hour before it began, and while it went on">
      {operations.length ? <DataTable label="Operations before and after" rows={operations} columns={columns} rowKey={(o) => `${o.tier.id} ${o.name}`} defaultSort="-change" sortParam="operation-sort" /> : <Empty title="No operation can be compared">There are too few traces of before or of since: all traces are kept for 24 h.</Empty>}
    </Card>
  )
}

const shareOf = (errors: number, calls: number) => (calls > 0 ? (100 * errors) / calls : null)

function columnsOf(application: number): Column<OperationChange>[] {
  return [
    { key: 'tier', label: 'Tier', value: (o) => o.tier.name, render: (o) => <RangeLink to={paths.tier(application, o.tier.id)}>{o.tier.name}</RangeLink> },
    { key: 'name', label: 'Operation', value: (o) => o.name, render: (o) => <span title={o.name}>{o.name}</span> },
    { key: 'before', label: 'Before', numeric: true, value: (o) => o.before_ms, render: (o) => <span className={page.muted} title={exact(o.before_ms, 'ms')}>{responseTime(o.before_ms)}</span> },
    { key: 'after', label: 'Since', numeric: true, value: (o) => o.after_ms, render: (o) => <b title={exact(o.after_ms, 'ms')}>{responseTime(o.after_ms)}</b> },
    { key: 'change', label: 'Change', numeric: true, value: (o) => (o.before_ms ? (o.after_ms ?? 0) / o.before_ms : null), render: (o) => ratioText(o.after_ms, o.before_ms) },
    {
      key: 'calls',
      label: 'Calls/min',
      numeric: true,
      value: (o) => o.after_calls,
      render: (o) => (
        <span title="before, and since">
          <span className={page.muted}>{short(o.before_calls)} →</span> {short(o.after_calls)}
        </span>
      ),
    },
    {
      key: 'errors',
      label: 'Failed',
      numeric: true,
      value: (o) => shareOf(o.after_errors, o.after_calls),
      render: (o) => (
        <span title="before, and since">
          <span className={page.muted}>{percent(shareOf(o.before_errors, o.before_calls))} →</span> {percent(shareOf(o.after_errors, o.after_calls))}
        </span>
      ),
    },
  ]
}
