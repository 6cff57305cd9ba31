import { NativeSelect } from '@mantine/core'
import { useMemo } from 'react'
import type { Incident, Page } from '../../api/types'
import { paths } from '../../app/paths'
import { useUrlState } from '../../app/urlState'
import { useIncidents } from '../../components/anomaly/queries'
import { Card } from '../../components/card/Card'
import { StatusBadge } from '../../components/health/LevelBadge'
import { RangeLink } from '../../components/link/RangeLink'
import { SearchInput } from '../../components/SearchInput'
import { Empty } from '../../components/states/Empty'
import { Loaded } from '../../components/states/Loaded'
import { DataTable, type Column, type Rest } from '../../components/table/DataTable'
import { count, plural } from '../../format/numbers'
import { exactMoment, moment } from '../../format/times'
import { useTimeRange } from '../../time/TimeRangeContext'
import { Suspected } from '../Anomalies/Names'
import { lastedWord } from '../HealthRules/model/times'
import page from '../page.module.css'

const STATES = [
  { value: '', label: 'Open and past' },
  { value: 'OPEN', label: 'Open' },
  { value: 'CLOSED', label: 'Closed' },
]

/** What belongs to one cause, as one. */
export function IncidentsView({ application }: { application?: number }) {
  const [state, setState] = useUrlState('status')
  const [text, setText] = useUrlState('filter')
  const query = useIncidents({ application, state })
  return (
    <div className={page.page}>
      <Card
        title="Incidents"
        note={query.data && `${plural(query.data.items.length, 'incident')}${query.hasNextPage ? ' and more' : ''} in this range: anomalies and violations of one cause`}
        actions={
          <>
            <NativeSelect aria-label="State" data={STATES} value={state} onChange={(e) => setState(e.currentTarget.value)} />
            <SearchInput label="Filter by what happened" value={text} onChange={setText} />
            <RangeLink to={paths.anomalies(application)}>Anomalies</RangeLink>
          </>
        }
      >
        <Loaded query={query} what="the incidents">
          {(data: Page<Incident>) => {
            const wanted = text.toLowerCase()
            const rows = data.items.filter((one) => `${one.summary}\n${one.application.name}\n${one.cause?.entity.name ?? ''}`.toLowerCase().includes(wanted))
            if (rows.length) return <Table rows={rows} all={application === undefined} rest={query} />
            return state || text ? <Empty title="No incident matches">Take a filter away, or choose a longer range.</Empty> : <Empty title="No incident in this range">When something deviates, or violates a health rule, all that has the same cause stands here as one.</Empty>
          }}
        </Loaded>
      </Card>
    </div>
  )
}

function Table({ rows, all, rest }: { rows: Incident[]; all: boolean; rest: Rest }) {
  const { now } = useTimeRange()
  const columns = useMemo(() => columnsOf(all, now), [all, now])
  return <DataTable label="Incidents" rows={rows} columns={columns} rowKey={(one) => one.id} defaultSort="-opened" sortParam="incident-sort" rest={rest} />
}

const RANK = { WARNING: 1, CRITICAL: 2 }

function columnsOf(all: boolean, now: number): Column<Incident>[] {
  const columns: (Column<Incident> | false)[] = [
    { key: 'state', label: 'State', width: '96px', value: (one) => (one.status === 'OPEN' ? 10 : 0) + RANK[one.level], render: (one) => <StatusBadge status={one.status} level={one.level} /> },
    { key: 'what', label: 'Incident', value: (one) => one.summary, render: (one) => <RangeLink to={paths.incident(one.id)}>{one.summary}</RangeLink> },
    all && { key: 'application', label: 'Application', value: (one) => one.application.name, render: (one) => <RangeLink to={paths.application(one.application.id)}>{one.application.name}</RangeLink> },
    { key: 'opened', label: 'Since', width: '118px', value: (one) => one.opened_at, render: (one) => <time title={exactMoment(one.opened_at)}>{moment(one.opened_at, now)}</time> },
    { key: 'lasted', label: 'Lasted', width: '96px', value: (one) => (one.closed_at ?? now) - one.opened_at, render: (one) => (one.closed_at === null ? <span className={page.muted}>{lastedWord(now - one.opened_at)} so far</span> : lastedWord(one.closed_at - one.opened_at)) },
    { key: 'cause', label: 'Cause', width: '250px', value: (one) => one.cause?.confidence ?? null, render: (one) => (one.cause ? <Suspected application={one.application.id} suspect={one.cause} /> : <span className={page.muted}>no clear cause</span>) },
    { key: 'anomalies', label: 'Anomalies', numeric: true, width: '84px', value: (one) => one.anomalies, render: (one) => count(one.anomalies) },
    { key: 'violations', label: 'Violations', numeric: true, width: '84px', value: (one) => one.violations, render: (one) => count(one.violations) },
  ]
  return columns.filter((column) => column !== false)
}
