import { Select } from '@mantine/core'
import { useMemo, type ReactNode } from 'react'
import { useEarlierFlowMap, type MapPart } from '../../api/queries'
import type { Figures, FlowMap, FlowMapNode } from '../../api/types'
import { useUrlState } from '../../app/urlState'
import { EntityIcon } from '../../components/EntityIcon'
import { ErrorShare } from '../../components/figures/ErrorShare'
import { EntityLink } from '../../components/link/EntityLink'
import { Empty } from '../../components/states/Empty'
import { Loaded } from '../../components/states/Loaded'
import { DataTable, type Column } from '../../components/table/DataTable'
import { exact, rateOf, responseTime } from '../../format/numbers'
import { minuteOf } from '../../format/times'
import { useTimeRange } from '../../time/TimeRangeContext'
import page from '../page.module.css'
import styles from './FlowMapPanel.module.css'
import { changesOf, ratioText, type Change } from './model/changes'

const DAY = 1440
const EARLIER = [
  { value: 'before', label: 'the range just before' },
  { value: '1', label: 'the same a day before' },
  { value: '7', label: 'the same a week before' },
]

interface Props {
  application: number
  part?: MapPart
  map: FlowMap
}

/** The calls of this range beside those of an earlier one. */
export function ChangesView({ application, part, map }: Props) {
  const { window } = useTimeRange()
  const [compare, setCompare] = useUrlState('compare', 'before')
  const length = Math.max(1, Math.ceil((window.to - window.from) / 60_000))
  const minutes = Number(compare) > 0 ? Number(compare) * DAY : length
  const earlier = useEarlierFlowMap(application, part, minutes)
  const back = minutes * 60_000
  return (
    <div className={styles.tables}>
      <div className={styles.compare}>
        Compared with
        <Select size="xs" w={210} aria-label="Compare with" data={EARLIER} value={EARLIER.some((e) => e.value === compare) ? compare : 'before'} allowDeselect={false} onChange={setCompare} />
        <span className={page.muted}>
          {minuteOf(window.from - back)} to {minuteOf(window.to - back)}
        </span>
      </div>
      <Loaded query={earlier} what="the earlier map">
        {(before: FlowMap) => (before.edges.length ? <Changes application={application} now={map} before={before} /> : <Empty title="Nothing was called then">Figures of every minute are kept for 8 days, coarser ones for longer. Choose another range to compare with.</Empty>)}
      </Loaded>
    </div>
  )
}

function Changes({ application, now, before }: { application: number; now: FlowMap; before: FlowMap }) {
  const rows = useMemo(() => changesOf(now, before), [now, before])
  const columns = useMemo(() => columnsOf(application), [application])
  return <DataTable label="What changed" rows={rows} columns={columns} rowKey={(c) => c.id} defaultSort="-what" sortParam="change-sort" />
}

function columnsOf(application: number): Column<Change>[] {
  const end = (key: 'from' | 'to', label: string): Column<Change> => ({ key, label, value: (c) => c[key].name, render: (c) => <End application={application} node={c[key]} /> })
  const pair = (key: string, label: string, of: (f: Figures) => number | null, draw: (f: Figures) => ReactNode, unit: string): Column<Change>[] => [
    { key, label, numeric: true, value: (c) => c.now && of(c.now), render: (c) => <span title={exact(c.now && of(c.now), unit)}>{c.now ? draw(c.now) : '–'}</span> },
    { key: `${key}-before`, label: 'before', numeric: true, value: (c) => c.before && of(c.before), render: (c) => <span className={page.muted} title={exact(c.before && of(c.before), unit)}>{c.before ? draw(c.before) : '–'}</span> },
  ]
  const ratio = (key: string, of: (f: Figures) => number | null): Column<Change> => ({ key: `${key}-ratio`, label: 'change', numeric: true, value: (c) => (c.now && c.before ? (of(c.now) ?? 0) / (of(c.before) || 1) : null), render: (c) => ratioText(c.now && of(c.now), c.before && of(c.before)) })
  const errors = (key: string, label: string, figures: (c: Change) => Figures | null): Column<Change> => ({
    key,
    label,
    numeric: true,
    value: (c) => figures(c)?.error_percent ?? null,
    render: (c) => {
      const of = figures(c)
      return of ? <ErrorShare figures={of} /> : '–'
    },
  })
  return [
    end('from', 'From'),
    end('to', 'To'),
    { key: 'what', label: 'What changed', numeric: true, value: (c) => c.size, render: (c) => (c.what.length ? <b>{c.what.join(', ')}</b> : <span className={page.muted}>as before</span>) },
    ...pair('rate', 'Calls/min', (f) => f.calls_per_minute, rateOf, 'calls/min'),
    ratio('rate', (f) => f.calls_per_minute),
    ...pair('time', 'Response time', (f) => f.average_ms, (f) => responseTime(f.average_ms), 'ms'),
    ratio('time', (f) => f.average_ms),
    errors('errors', 'Error %', (c) => c.now),
    errors('errors-before', 'before', (c) => c.before),
  ]
}

function End({ application, node }: { application: number; node: FlowMapNode }) {
  return (
    <span className={page.name}>
      <EntityIcon kind={node.kind} type={node.type} />
      <EntityLink application={application} node={node} />
    </span>
  )
}
