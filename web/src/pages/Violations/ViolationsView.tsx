import { Button, NativeSelect } from '@mantine/core'
import { useMemo } from 'react'
import type { Page, Violation } from '../../api/types'
import { paths } from '../../app/paths'
import { useUrlState } from '../../app/urlState'
import { Card } from '../../components/card/Card'
import { StatusBadge } from '../../components/health/LevelBadge'
import { RangeLink } from '../../components/link/RangeLink'
import { SearchInput } from '../../components/SearchInput'
import { Empty } from '../../components/states/Empty'
import { Loaded } from '../../components/states/Loaded'
import { DataTable, type Column, type Rest } from '../../components/table/DataTable'
import { plural } from '../../format/numbers'
import { ago, exactMoment, moment } from '../../format/times'
import { useTimeRange } from '../../time/TimeRangeContext'
import { lastedWord } from '../HealthRules/model/times'
import page from '../page.module.css'
import { useViolations } from './queries'
import styles from './Violations.module.css'
import { pathOfViolated, VIOLATED_WORDS } from './words'

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
  const narrowed = Boolean(status || level || rule || entity || text)
  const one = query.data?.items[0]
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
          {(data: Page<Violation>) => {
            const wanted = text.toLowerCase()
            const rows = data.items.filter((v) => `${v.entity.name}\n${v.rule.name}\n${v.application.name}`.toLowerCase().includes(wanted))
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

const RANK = { WARNING: 1, CRITICAL: 2 }

function columnsOf(all: boolean, now: number): Column<Violation>[] {
  const columns: (Column<Violation> | false)[] = [
    { key: 'state', label: 'State', width: '104px', value: (v) => (v.status === 'OPEN' ? 10 : 0) + RANK[v.level], render: (v) => <StatusBadge status={v.status} level={v.level} /> },
    {
      key: 'rule',
      label: 'Violation',
      value: (v) => v.rule.name,
      render: (v) => (
        <RangeLink to={paths.violation(v.id)} aria-label={`${v.rule.name} by ${v.entity.name}`}>
          {v.rule.name}
        </RangeLink>
      ),
    },
    { key: 'entity', label: 'Entity', value: (v) => v.entity.name, render: (v) => <Violated violation={v} /> },
    all && { key: 'application', label: 'Application', value: (v) => v.application.name, render: (v) => <RangeLink to={paths.application(v.application.id)}>{v.application.name}</RangeLink> },
    { key: 'opened', label: 'Since', width: '150px', value: (v) => v.opened_at, render: (v) => <time title={exactMoment(v.opened_at)}>{moment(v.opened_at, now)} <span className={page.muted}>{ago(v.opened_at, now)}</span></time> },
    {
      key: 'lasted',
      label: 'Until',
      width: '150px',
      value: (v) => (v.closed_at ?? now) - v.opened_at,
      render: (v) => (v.closed_at === null ? <span className={page.muted}>for {lastedWord(now - v.opened_at)}</span> : <time title={exactMoment(v.closed_at)}>{moment(v.closed_at, now)} <span className={page.muted}>after {lastedWord(v.closed_at - v.opened_at)}</span></time>),
    },
    { key: 'summary', label: 'What decided', render: (v) => <span className={styles.summary} title={v.summary}>{v.summary}</span> },
  ]
  return columns.filter((column) => column !== false)
}

/** Whoever violates a rule, with a way to its page. */
export function Violated({ violation }: { violation: Violation }) {
  const path = pathOfViolated(violation)
  return (
    <span className={page.name}>
      {path ? <RangeLink to={path}>{violation.entity.name}</RangeLink> : violation.entity.name}
      <span className={page.tag}>{VIOLATED_WORDS[violation.entity_kind]}</span>
    </span>
  )
}
