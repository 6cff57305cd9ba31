import { useErrors } from '../../api/queries'
import type { ErrorGroup, Page } from '../../api/types'
import { paths } from '../../app/paths'
import { useId } from '../../app/useId'
import { useUrlState } from '../../app/urlState'
import { Card } from '../../components/card/Card'
import { RangeLink } from '../../components/link/RangeLink'
import { SearchInput } from '../../components/SearchInput'
import { Empty } from '../../components/states/Empty'
import { Loaded } from '../../components/states/Loaded'
import { DataTable, type Column } from '../../components/table/DataTable'
import { exact, short } from '../../format/numbers'
import { ago, exactMoment } from '../../format/times'
import { useTimeRange } from '../../time/TimeRangeContext'
import page from '../page.module.css'

function columnsOf(now: number): Column<ErrorGroup>[] {
  return [
    { key: 'type', label: 'Type', value: (e) => e.type, render: (e) => <span className={page.name}>{e.type}</span> },
    { key: 'message', label: 'Message', value: (e) => e.message, render: (e) => <span title={e.message}>{e.message || '–'}</span> },
    { key: 'tier', label: 'Tier', value: (e) => e.tier.name, render: (e) => e.tier.name },
    { key: 'count', label: 'Count', numeric: true, value: (e) => e.count, render: (e) => <span title={exact(e.count, '')}>{short(e.count)}</span> },
    { key: 'first_seen', label: 'First seen', value: (e) => e.first_seen, render: (e) => <span title={exactMoment(e.first_seen)}>{ago(e.first_seen, now)}</span> },
    { key: 'last_seen', label: 'Last seen', value: (e) => e.last_seen, render: (e) => <span title={exactMoment(e.last_seen)}>{ago(e.last_seen, now)}</span> },
  ]
}

export function ErrorsPage() {
  const id = useId('applicationId')
  const { now } = useTimeRange()
  const query = useErrors(id)
  const [filter, setFilter] = useUrlState('filter')
  return (
    <div className={page.page}>
      <Card title="Errors" note="exceptions, grouped by type and message" actions={<Actions application={id} filter={filter} onFilter={setFilter} />}>
        <Loaded query={query} what="the errors">
          {(data: Page<ErrorGroup>) => {
            const rows = data.items.filter((e) => `${e.type}\n${e.message}\n${e.tier.name}`.toLowerCase().includes(filter.toLowerCase()))
            if (data.items.length === 0) return <Empty title="No exception in this range">A transaction may also fail without one: see the failed transactions.</Empty>
            return rows.length ? <DataTable label="Errors" rows={rows} columns={columnsOf(now)} rowKey={(e) => e.id} defaultSort="-count" rest={query} /> : <Empty title="No error matches" />
          }}
        </Loaded>
      </Card>
    </div>
  )
}

function Actions({ application, filter, onFilter }: { application: number; filter: string; onFilter(value: string | null): void }) {
  return (
    <>
      <RangeLink to={paths.snapshots(application)} extra={{ outcome: 'ERROR' }}>
        Failed transactions
      </RangeLink>
      <SearchInput label="Filter errors" value={filter} onChange={onFilter} />
    </>
  )
}
