import { Button, Select, SegmentedControl } from '@mantine/core'
import { IconX } from '@tabler/icons-react'
import { useMemo } from 'react'
import { useNavigate } from 'react-router'
import { useSnapshots } from '../../api/queries'
import type { Page, Snapshot } from '../../api/types'
import { paths } from '../../app/paths'
import { useHref, useUrlState } from '../../app/urlState'
import { Card } from '../../components/card/Card'
import { OutcomeBadge } from '../../components/figures/OutcomeBadge'
import { RangeLink } from '../../components/link/RangeLink'
import { Empty } from '../../components/states/Empty'
import { Loaded } from '../../components/states/Loaded'
import { DataTable, type Column } from '../../components/table/DataTable'
import { count, exact, responseTime } from '../../format/numbers'
import { exactMoment, moment } from '../../format/times'
import { useTimeRange } from '../../time/TimeRangeContext'
import page from '../page.module.css'

const OUTCOMES = [
  { value: 'ALL', label: 'All' },
  { value: 'ERROR', label: 'Errors' },
  { value: 'SLOW,VERY_SLOW,STALL', label: 'Slow' },
  { value: 'NORMAL', label: 'Normal' },
]

const DURATIONS = [
  { value: '0', label: 'Any duration' },
  { value: '100', label: '≥ 100 ms' },
  { value: '500', label: '≥ 500 ms' },
  { value: '1000', label: '≥ 1 s' },
  { value: '10000', label: '≥ 10 s' },
]

/** The usual ones, and the one that a link brought. */
function durationsWith(value: string) {
  return DURATIONS.some((d) => d.value === value) ? DURATIONS : [...DURATIONS, { value, label: `≥ ${responseTime(Number(value) || null)}` }]
}

const KEPT = [
  { value: 'kept', label: 'Snapshots' },
  { value: 'all', label: 'All traces (24 h)' },
]

function columnsOf(now: number, withBt: boolean): Column<Snapshot>[] {
  const bt: Column<Snapshot> = { key: 'bt', label: 'Business transaction', value: (s) => s.bt.name, render: (s) => <span className={page.name}>{s.bt.name}</span> }
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
    ...(withBt ? [bt] : []),
    { key: 'tier', label: 'Tier', value: (s) => s.tier.name, render: (s) => s.tier.name },
    { key: 'outcome', label: 'Outcome', value: (s) => s.outcome, render: (s) => <OutcomeBadge outcome={s.outcome} /> },
    { key: 'duration_ms', label: 'Duration', numeric: true, value: (s) => s.duration_ms, render: (s) => <span title={exact(s.duration_ms, 'ms')}>{responseTime(s.duration_ms)}</span> },
    { key: 'spans', label: 'Spans', numeric: true, value: (s) => s.spans, render: (s) => count(s.spans) },
    { key: 'reason', label: 'Kept because', value: (s) => s.reason, render: (s) => s.reason ?? '–' },
    { key: 'trace_id', label: 'Trace id', render: (s) => <span className={page.mono}>{s.trace_id}</span> },
  ]
}

interface Props {
  application?: number
  bt?: number
  /** Only what failed, of all traces. */
  failed?: boolean
}

/** Chosen snapshots or all traces of a day, by outcome and duration; of an application or of one BT. */
export function SnapshotsTable({ application, bt, failed = false }: Props) {
  const [chosen, setOutcome] = useUrlState('outcome', 'ALL')
  const [duration, setDuration] = useUrlState('min', '0')
  const [most, setMost] = useUrlState('max')
  const [traces, setKept] = useUrlState('traces', 'kept')
  const outcome = failed ? 'ERROR' : chosen
  const kept = failed ? 'all' : traces
  const [tier, setTier] = useUrlState('tier')
  const query = useSnapshots({ application, bt, tier: tier ? Number(tier) : undefined, outcome: outcome === 'ALL' ? undefined : outcome, min_duration_ms: Number(duration) || undefined, max_duration_ms: Number(most) || undefined, kept: kept === 'kept' })
  const { now } = useTimeRange()
  const navigate = useNavigate()
  const href = useHref()
  const columns = useMemo(() => columnsOf(now, bt === undefined), [now, bt])
  const open = (s: Snapshot) => void navigate(href(paths.trace(s.trace_id), { span: s.entry_span_id }))
  return (
    <Card
      title={failed ? 'Failed transactions' : kept === 'kept' ? 'Snapshots' : 'Traces'}
      note={query.data?.next ? `the newest ${query.data.items.length}` : undefined}
      actions={
        <>
          {tier && (
            <Button variant="light" rightSection={<IconX size={13} />} aria-label="Show all tiers" onClick={() => setTier(null)}>
              {query.data?.items[0]?.tier.name ?? 'One tier'} only
            </Button>
          )}
          {most && (
            <Button variant="light" rightSection={<IconX size={13} />} aria-label="Show longer ones too" onClick={() => setMost(null)}>
              ≤ {responseTime(Number(most))}
            </Button>
          )}
          {!failed && (
            <>
              <SegmentedControl aria-label="Which traces" data={KEPT} value={kept} onChange={setKept} />
              <SegmentedControl aria-label="Outcome" data={OUTCOMES} value={outcome} onChange={setOutcome} />
            </>
          )}
          <Select aria-label="Duration" w={130} data={durationsWith(duration)} value={duration} allowDeselect={false} onChange={setDuration} />
        </>
      }
    >
      <Loaded query={query} what="the snapshots">
        {(data: Page<Snapshot>) =>
          data.items.length ? (
            <DataTable label="Snapshots" rows={data.items} columns={columns} rowKey={(s) => s.trace_id + s.entry_span_id} defaultSort="-start" sortParam="snapshot-sort" onRowClick={open} rest={query} />
          ) : (
            <Empty title={failed ? 'None failed in this range' : kept === 'kept' ? 'No snapshot in this range' : 'No trace in this range'}>
              {kept === 'kept' ? 'Errors, slow and some ordinary transactions are kept whole; other filters or all traces of the last 24 h may show more.' : 'All traces are kept for 24 h; other filters may show more.'}
            </Empty>
          )
        }
      </Loaded>
    </Card>
  )
}
