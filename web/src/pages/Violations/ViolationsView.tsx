import { Button, NativeSelect } from '@mantine/core'
import { useMemo } from 'react'
import type { Violation } from '../../api/types'
import { paths } from '../../app/paths'
import { useUrlState } from '../../app/urlState'
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
import { useViolations } from './queries'

const STATUSES = [
  { value: '', label: 'Open and past' },
  { value: 'OPEN', label: 'Open' },
  { value: 'RESOLVED', label: 'Resolved' },
  { value: 'CANCELED', label: 'Canceled' },
]
const LEVELS = [
  { value: '', label: 'Any level' },
  { value: 'CRITICAL', label: 'Critical' },
  { value: 'WARNING', label: 'Warning' },
]

/** What violates health rules, or did within the range. */
export function ViolationsView({ application }: { application?: number }) {
  const [status, setStatus] = useUrlState('status')
  const [level, setLevel] = useUrlState('level')
  const [rule, setRule] = useUrlState('rule')
  const [entity, setEntity] = useUrlState('entity')
  const [text, setText] = useUrlState('filter')
  const query = useViolations({ application, status, level, rule, entity })
  const items = useMemo(() => withDistinctNodes(query.data?.items ?? []), [query.data])
  const narrowed = Boolean(status || level || rule || entity || text)
  const [one] = items
  return (
    <div className={page.page}>
      <Card
        title="Violations"
        note={query.data && `${plural(query.data.items.length, 'violation')}${query.hasNextPage ? ' and more' : ''} in this range`}
        actions={
          <>
            {rule && <Chip label={`of the rule ${one?.rule.name ?? rule}`} onClear={() => setRule(null)} />}
            {entity && <Chip label={`of ${one?.entity.name ?? `entity ${entity}`}`} onClear={() => setEntity(null)} />}
            <NativeSelect aria-label="State" data={STATUSES} value={status} onChange={(e) => setStatus(e.currentTarget.value)} />
            <NativeSelect aria-label="Level" data={LEVELS} value={level} onChange={(e) => setLevel(e.currentTarget.value)} />
            <SearchInput label="Filter by entity or rule" value={text} onChange={setText} />
            {application !== undefined && <RangeLink to={paths.healthRules(application)}>Health rules</RangeLink>}
          </>
        }
      >
        <Loaded query={query} what="the violations">
          {() => {
            const wanted = text.toLowerCase()
            const rows = items.filter((v) => `${v.entity.name}\n${v.rule.name}\n${v.application.name}`.toLowerCase().includes(wanted))
            if (rows.length) return <Table rows={rows} all={application === undefined} rest={query} />
            return narrowed ? <Empty title="No violation matches">Take a filter away, or choose a longer range.</Empty> : <Empty title="Nothing violates a health rule in this range">Whatever does stands here, with what decided.</Empty>
          }}
        </Loaded>
      </Card>
    </div>
  )
}

function Chip({ label, onClear }: { label: string; onClear(): void }) {
  return (
    <Button variant="light" size="compact-xs" aria-label={`No longer only ${label}`} onClick={onClear}>
      {label} ×
    </Button>
  )
}

function Table({ rows, all, rest }: { rows: Violation[]; all: boolean; rest: Rest }) {
  const { now } = useTimeRange()
  const columns = useMemo(() => columnsOf(all, now), [all, now])
  return <DataTable label="Violations" rows={rows} columns={columns} rowKey={(v) => v.id} defaultSort="-opened" sortParam="violation-sort" rest={rest} />
}
