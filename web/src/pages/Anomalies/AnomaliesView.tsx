import { Button, NativeSelect } from '@mantine/core'
import { useMemo } from 'react'
import type { Anomaly } from '../../api/types'
import { paths } from '../../app/paths'
import { useUrlState } from '../../app/urlState'
import { useAnomalies } from '../../components/anomaly/queries'
import { deviationText, KIND_WORDS } from '../../components/anomaly/words'
import { Card } from '../../components/card/Card'
import { RangeLink } from '../../components/link/RangeLink'
import { withDistinctNodes } from '../../components/name/sameNames'
import { SearchInput } from '../../components/SearchInput'
import { Empty } from '../../components/states/Empty'
import { Loaded } from '../../components/states/Loaded'
import { DataTable, type Rest } from '../../components/table/DataTable'
import { plural } from '../../format/numbers'
import { useTimeRange } from '../../time/TimeRangeContext'
import page from '../page.module.css'
import { columnsOf } from './columns'
import { NothingYet } from './NothingYet'

const STATES = [
  { value: '', label: 'Open and past' },
  { value: 'OPEN', label: 'Open' },
  { value: 'CLOSED', label: 'Closed' },
]
const LEVELS = [
  { value: '', label: 'Any level' },
  { value: 'CRITICAL', label: 'Critical' },
  { value: 'WARNING', label: 'Warning' },
]
const KINDS = [{ value: '', label: 'Any entity' }, ...Object.entries(KIND_WORDS).map(([value, word]) => ({ value, label: `${word.charAt(0).toUpperCase()}${word.slice(1)}s` }))]

const textOf = (a: Anomaly) => `${a.entity.name}\n${a.application.name}\n${a.top_suspect?.entity.name ?? ''}\n${a.metric ?? ''}\n${deviationText(a)}`.toLowerCase()

/** What deviates from what is usual, or did within the range. */
export function AnomaliesView({ application }: { application?: number }) {
  const [state, setState] = useUrlState('status')
  const [kind, setKind] = useUrlState('kind')
  const [level, setLevel] = useUrlState('level')
  const [entity, setEntity] = useUrlState('entity')
  const [text, setText] = useUrlState('filter')
  const query = useAnomalies({ application, state, level, entity_kind: kind, entity })
  const items = useMemo(() => withDistinctNodes(query.data?.items ?? []), [query.data])
  const narrowed = Boolean(state || kind || level || entity || text)
  const name = items[0]?.entity.name
  return (
    <div className={page.page}>
      <Card
        title="Anomalies"
        note={query.data && `${plural(query.data.items.length, 'anomaly', 'anomalies')}${query.hasNextPage ? ' and more' : ''} in this range`}
        actions={
          <>
            {entity && (
              <Button variant="light" size="compact-xs" aria-label="No longer only of one entity" onClick={() => setEntity(null)}>
                of {name ?? `entity ${entity}`} ×
              </Button>
            )}
            <NativeSelect aria-label="State" data={STATES} value={state} onChange={(e) => setState(e.currentTarget.value)} />
            <NativeSelect aria-label="Level" data={LEVELS} value={level} onChange={(e) => setLevel(e.currentTarget.value)} />
            <NativeSelect aria-label="Kind of entity" data={KINDS} value={kind} onChange={(e) => setKind(e.currentTarget.value)} />
            <SearchInput label="Filter by entity or suspect" value={text} onChange={setText} />
            <RangeLink to={paths.incidents(application)}>Incidents</RangeLink>
            {application !== undefined && <RangeLink to={paths.anomalySettings(application)}>Settings</RangeLink>}
          </>
        }
      >
        <Loaded query={query} what="the anomalies">
          {() => {
            const wanted = text.toLowerCase()
            const rows = items.filter((a) => textOf(a).includes(wanted))
            if (rows.length) return <Table rows={rows} all={application === undefined} rest={query} />
            return narrowed ? <Empty title="No anomaly matches">Take a filter away, or choose a longer range.</Empty> : <NothingYet application={application} />
          }}
        </Loaded>
      </Card>
    </div>
  )
}

function Table({ rows, all, rest }: { rows: Anomaly[]; all: boolean; rest: Rest }) {
  const { now } = useTimeRange()
  const columns = useMemo(() => columnsOf({ all, now }), [all, now])
  return <DataTable label="Anomalies" rows={rows} columns={columns} rowKey={(a) => a.id} defaultSort="-since" sortParam="anomaly-sort" rest={rest} />
}
