import { Button } from '@mantine/core'
import { IconRefresh } from '@tabler/icons-react'
import { useSampled } from '../../api/sampled'
import type { AttributeDifference, Comparison, OperationDifference } from '../../api/types'
import { paths } from '../../app/paths'
import { Card } from '../../components/card/Card'
import { RangeLink } from '../../components/link/RangeLink'
import { Empty } from '../../components/states/Empty'
import { Loaded } from '../../components/states/Loaded'
import { DataTable, type Column } from '../../components/table/DataTable'
import { exact, percent, plural, responseTime, short } from '../../format/numbers'
import page from '../page.module.css'
import styles from './BusinessTransaction.module.css'

/** Fewer of a side say nothing. */
const FEWEST = 3

/** What slow transactions have that normal ones have not: where their time goes, and which attributes they share. */
export function ComparisonPanel({ application, id }: { application: number; id: number }) {
  const query = useSampled<Comparison>(`/business-transactions/${id}/comparison`)
  return (
    <Card
      title="What differs between slow and normal"
      note={query.data && lookedAt(query.data)}
      actions={
        <Button variant="default" leftSection={<IconRefresh size={14} />} loading={query.isFetching} onClick={() => void query.refetch()}>
          Look again
        </Button>
      }
    >
      <Loaded query={query} what="the comparison" lines={8}>
        {(found: Comparison) => (found.slow.traces < FEWEST || found.normal.traces < FEWEST ? <TooFew found={found} /> : <Differences application={application} found={found} />)}
      </Loaded>
    </Card>
  )
}

function lookedAt({ slow, normal, slow_by, slow_from_ms }: Comparison): string {
  const slowText = slow_by === 'outcome' ? plural(slow.traces, 'slow trace') : `the slowest tenth, ${plural(slow.traces, 'trace')} from ${responseTime(slow_from_ms)}`
  return `looked at ${slowText} (average ${responseTime(slow.average_ms)}) and ${plural(normal.traces, 'normal one')} (${responseTime(normal.average_ms)}), spread over the range`
}

function TooFew({ found }: { found: Comparison }) {
  return (
    <Empty title="Too few traces to compare">
      There are {plural(found.slow.traces, 'slow trace')} and {plural(found.normal.traces, 'normal one')} with their spans in this range, and at least {FEWEST} of each are needed. All traces are kept for 24 h; a longer range within it may hold more.
    </Empty>
  )
}

function Differences({ application, found }: { application: number; found: Comparison }) {
  return (
    <>
      <h3 className={styles.part}>Where the time goes</h3>
      <p className={styles.hint}>Time in which an operation itself ran, without what it waited for, for each trace, and what goes on after the answer included.</p>
      {found.operations.length ? (
        <DataTable label="Operations that differ" rows={found.operations} columns={operationColumns(application, found.operations)} rowKey={(o) => `${o.tier.id} ${o.name}`} defaultSort="-difference" sortParam="operation-sort" />
      ) : (
        <Empty title="They spend their time alike" />
      )}
      <h3 className={styles.part}>Attributes</h3>
      <p className={styles.hint}>Of spans and of what reports them. Listed where the shares differ by more than chance does in samples of this size.</p>
      {found.attributes.length ? (
        <DataTable label="Attributes that differ" rows={found.attributes} columns={attributeColumns(application)} rowKey={(a) => `${a.tier.id} ${a.key}=${a.value}`} defaultSort="-difference" sortParam="attribute-sort" />
      ) : (
        <Empty title="They have the same attributes" />
      )}
    </>
  )
}

function tierColumn<Row extends { tier: { id: number; name: string } }>(application: number): Column<Row> {
  return { key: 'tier', label: 'Tier', value: (r) => r.tier.name, render: (r) => <RangeLink to={paths.tier(application, r.tier.id)}>{r.tier.name}</RangeLink> }
}

function operationColumns(application: number, all: OperationDifference[]): Column<OperationDifference>[] {
  const difference = (o: OperationDifference) => o.slow_ms - o.normal_ms
  const most = Math.max(...all.map((o) => Math.abs(difference(o))))
  const times = (ms: number, calls: number) => (
    <span title={`${exact(ms, 'ms')} in ${calls === 1 ? 'one span' : `${short(calls)} spans`} of each trace`}>
      {responseTime(ms)} <small className={page.muted}>× {short(calls)}</small>
    </span>
  )
  return [
    tierColumn(application),
    { key: 'name', label: 'Operation', value: (o) => o.name, render: (o) => <span title={o.name}>{o.name}</span> },
    { key: 'slow_ms', label: 'Slow', numeric: true, value: (o) => o.slow_ms, render: (o) => times(o.slow_ms, o.slow_calls) },
    { key: 'normal_ms', label: 'Normal', numeric: true, value: (o) => o.normal_ms, render: (o) => times(o.normal_ms, o.normal_calls) },
    {
      key: 'difference',
      label: 'Difference',
      numeric: true,
      width: '240px',
      value: difference,
      render: (o) => (
        <span className={styles.bar} data-more={difference(o) > 0 || undefined}>
          <svg width={120} height={8} aria-hidden>
            <rect width={Math.max(1, (120 * Math.abs(difference(o))) / most)} height={8} rx={2} />
          </svg>
          {difference(o) > 0 ? '+' : '−'}
          {responseTime(Math.abs(difference(o)))}
        </span>
      ),
    },
  ]
}

function attributeColumns(application: number): Column<AttributeDifference>[] {
  const difference = (a: AttributeDifference) => a.slow_percent - a.normal_percent
  return [
    tierColumn(application),
    { key: 'key', label: 'Attribute', value: (a) => a.key, render: (a) => <span className={page.mono}>{a.key}</span> },
    { key: 'value', label: 'Value', value: (a) => a.value, render: (a) => <span className={page.mono} title={a.value}>{a.value}</span> },
    { key: 'slow', label: 'Of slow', numeric: true, value: (a) => a.slow_percent, render: (a) => <span title={plural(a.slow, 'slow trace')}>{percent(a.slow_percent)}</span> },
    { key: 'normal', label: 'Of normal', numeric: true, value: (a) => a.normal_percent, render: (a) => <span title={plural(a.normal, 'normal trace')}>{percent(a.normal_percent)}</span> },
    {
      key: 'difference',
      label: 'Difference',
      numeric: true,
      width: '220px',
      value: (a) => Math.abs(difference(a)),
      render: (a) => (
        <span className={styles.bar} data-more={difference(a) > 0 || undefined} title={difference(a) > 0 ? 'more often in slow traces' : 'less often in slow traces'}>
          <svg width={100} height={8} aria-hidden>
            <rect width={Math.max(1, Math.abs(difference(a)))} height={8} rx={2} />
          </svg>
          {difference(a) > 0 ? '+' : '−'}
          {percent(Math.abs(difference(a)))}
        </span>
      ),
    },
  ]
}
