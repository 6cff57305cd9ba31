import { useMemo, type ReactNode } from 'react'
import { useErrors } from '../../api/queries'
import type { ErrorGroup, Page, Ref } from '../../api/types'
import { paths } from '../../app/paths'
import { useUrlState } from '../../app/urlState'
import { Card } from '../../components/card/Card'
import { RangeLink } from '../../components/link/RangeLink'
import { SearchInput } from '../../components/SearchInput'
import { Sparkline } from '../../components/sparkline/Sparkline'
import { Empty } from '../../components/states/Empty'
import { Loaded } from '../../components/states/Loaded'
import { DataTable, type Column } from '../../components/table/DataTable'
import { count, exact, short } from '../../format/numbers'
import { ago, exactMoment } from '../../format/times'
import { useTimeRange } from '../../time/TimeRangeContext'
import page from '../page.module.css'

interface Props {
  application: number
  /** Only what happened under this business transaction, */
  bt?: number
  /** or on this tier. */
  tier?: number
  actions?: ReactNode
}

function columnsOf({ application, bt, tier }: Props, now: number): Column<ErrorGroup>[] {
  const all: Column<ErrorGroup>[] = [
    {
      key: 'type',
      label: 'Type',
      value: (e) => e.type,
      render: (e) => (
        <RangeLink to={paths.error(application, e.id)}>
          <span className={page.name}>{e.type}</span>
        </RangeLink>
      ),
    },
    { key: 'message', label: 'Message', value: (e) => e.message, render: (e) => <span title={e.message}>{e.message || '–'}</span> },
    { key: 'tier', label: 'Tier', value: (e) => e.tier.name, render: (e) => <RangeLink to={paths.tier(application, e.tier.id)}>{e.tier.name}</RangeLink> },
    { key: 'bts', label: 'Business transactions', value: (e) => e.business_transaction_count, render: (e) => <Hits application={application} bts={e.business_transactions} of={e.business_transaction_count} /> },
    { key: 'trend', label: 'Over time', width: '130px', render: (e) => <Sparkline values={e.sparkline} label="Exceptions per minute" /> },
    { key: 'per_minute', label: 'Per minute', numeric: true, value: (e) => e.per_minute, render: (e) => <span title={exact(e.per_minute, 'exceptions/min')}>{short(e.per_minute)}</span> },
    { key: 'count', label: 'Count', numeric: true, value: (e) => e.count, render: (e) => <span title={exact(e.count, '')}>{short(e.count)}</span> },
    { key: 'first_seen', label: 'First seen', value: (e) => e.first_seen, render: (e) => <span title={exactMoment(e.first_seen)}>{ago(e.first_seen, now)}</span> },
    { key: 'last_seen', label: 'Last seen', value: (e) => e.last_seen, render: (e) => <span title={exactMoment(e.last_seen)}>{ago(e.last_seen, now)}</span> },
  ]
  return all.filter((column) => !(column.key === 'tier' && tier) && !(column.key === 'bts' && bt))
}

/** The first ones by name; how many more there are. */
function Hits({ application, bts, of }: { application: number; bts: Ref[]; of: number }) {
  const [first] = bts
  if (!first) return <span title="In background work, or before a transaction was known">none</span>
  return (
    <span title={bts.map((bt) => bt.name).join('\n')}>
      <RangeLink to={paths.businessTransaction(application, first.id)}>{first.name}</RangeLink>
      {of > 1 && <span className={page.muted}> and {count(of - 1)} more</span>}
    </span>
  )
}

/** Groups of exceptions: of an application, of one tier, or under one business transaction. */
export function ErrorsTable({ application, bt, tier, actions }: Props) {
  const { now } = useTimeRange()
  const query = useErrors(application, { bt, tier })
  const [filter, setFilter] = useUrlState('filter')
  const columns = useMemo(() => columnsOf({ application, bt, tier }, now), [application, bt, tier, now])
  return (
    <Card
      title="Errors"
      note="exceptions, grouped by type and message"
      actions={
        <>
          {actions}
          <SearchInput label="Filter errors" value={filter} onChange={setFilter} />
        </>
      }
    >
      <Loaded query={query} what="the errors">
        {(data: Page<ErrorGroup>) => {
          const rows = data.items.filter((e) => `${e.type}\n${e.message}\n${e.tier.name}`.toLowerCase().includes(filter.toLowerCase()))
          if (data.items.length === 0) return <Empty title="No exception in this range">A transaction may also fail without one: see the failed transactions.</Empty>
          return rows.length ? <DataTable label="Errors" rows={rows} columns={columns} rowKey={(e) => e.id} defaultSort="-count" sortParam="error-sort" rest={query} /> : <Empty title="No error matches" />
        }}
      </Loaded>
    </Card>
  )
}
