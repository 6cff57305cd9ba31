import { IconBulb } from '@tabler/icons-react'
import { lazy, Suspense, useMemo } from 'react'
import type { HourBand, MetricSeries, NodeDetail } from '../../api/types'
import { useExpectedOfMetrics } from '../../components/baseline/queries'
import { Card } from '../../components/card/Card'
import { expectedByHour } from '../../components/chart/expected'
import type { Line } from '../../components/chart/plot'
import { Failed } from '../../components/states/Failed'
import { Empty } from '../../components/states/Empty'
import { Loading } from '../../components/states/Loading'
import { DataTable, type Column } from '../../components/table/DataTable'
import { exact, plural, short } from '../../format/numbers'
import { ago, exactMoment } from '../../format/times'
import { useTimeRange } from '../../time/TimeRangeContext'
import page from '../page.module.css'
import { arranged, below, restartsOf, UPTIME, type DrawnChart, type Missing } from './model'
import styles from './Node.module.css'
import { useNodeMetrics } from './queries'

const Chart = lazy(() => import('../../components/chart/Chart'))
const COLOURS = ['--v-series-1', '--v-series-2', '--v-series-3']

/** What an agent reports of a node's runtime and host; what it does not, and how to get it. */
export function MetricsPanel({ application, node }: { application: number; node: NodeDetail }) {
  const { query, series } = useNodeMetrics(application, node)
  if (query.error && !series) return <Failed what="the runtime's metrics" error={query.error} retry={() => void query.refetch()} />
  if (!series) return <Loading what="the runtime's metrics" lines={8} />
  return <Metrics application={application} node={node} series={series} />
}

/** The metric of a chart that a band is of: its first. */
const banded = (chart: DrawnChart) => chart.lines[0]?.series.path ?? ''

function Metrics({ application, node, series }: { application: number; node: NodeDetail; series: MetricSeries[] }) {
  const { charts, missing } = useMemo(() => arranged(series, node.runtime), [series, node.runtime])
  const expected = useExpectedOfMetrics(application, charts.map(banded))
  return (
    <div className={styles.stack}>
      <Card title="Runtime and hardware" note={plural(series.length, 'metric')}>
        {charts.length ? (
          <Suspense fallback={<Loading what="the charts" lines={8} />}>
            <div className={styles.charts}>
              {charts.map((chart) => (
                <MetricChart key={chart.title} chart={chart} expected={expected.get(banded(chart))} />
              ))}
            </div>
          </Suspense>
        ) : (
          <Empty title="Its agent reports no metric of runtime or host in this range">What follows says how to get each.</Empty>
        )}
      </Card>
      <div className={styles.beside}>
        <Restarts series={series} />
        <NotReported missing={missing} />
      </div>
      <AllMetrics series={series} />
    </div>
  )
}

function MetricChart({ chart, expected }: { chart: DrawnChart; expected: HourBand[] | undefined }) {
  const { window, setRange } = useTimeRange()
  const { at, lines } = useMemo(() => {
    // On the grid of the finest step there is, so that what is missing is a gap.
    const times = [...new Set(chart.lines.flatMap(({ series }) => series.points.map((p) => p.at)))].sort((a, b) => a - b)
    const step = times.slice(1).reduce((least, time, i) => Math.min(least, time - (times[i] ?? 0)), window.to - window.from > 2_880 * 60_000 ? 3_600_000 : 60_000)
    const slots: number[] = []
    const width = Math.max(60_000, step)
    for (let slot = Math.floor(window.from / width) * width; slot < window.to; slot += width) slots.push(slot)
    const drawn = chart.lines.map(({ label, series }, i): Line => {
      const byTime = new Map(series.points.map((p) => [p.at, p.value]))
      return { label, values: slots.map((slot) => byTime.get(slot) ?? null), colour: COLOURS[i % COLOURS.length] ?? '--v-series-1', kind: 'line', dash: i > 0 }
    })
    return { at: slots.map((slot) => slot / 1000), lines: drawn }
  }, [chart, window.from, window.to])
  const band = useMemo(() => expected && expectedByHour({ at }, expected), [at, expected])
  const minute = (ms: number) => Math.round(ms / 60_000) * 60_000
  return <Chart title={chart.unit ? `${chart.title} (${chart.unit})` : chart.title} at={at} until={window.to} lines={lines} expected={band} fillingFrom={null} format={short} exact={(value) => exact(value === null ? null : Math.round(value * 1000) / 1000, '')} height={140} onZoom={(from, to) => setRange({ kind: 'absolute', from: minute(from), to: Math.max(minute(to), minute(from) + 60_000) })} />
}

function Restarts({ series }: { series: MetricSeries[] }) {
  const { now } = useTimeRange()
  const uptime = series.find((s) => below(s.path) === UPTIME)?.points ?? []
  const restarts = restartsOf(uptime)
  const latest = uptime.at(-1)
  return (
    <Card title="Restarts" note={uptime.length > 0 ? `${plural(restarts.length, 'restart')} in this range` : undefined}>
      {uptime.length === 0 ? (
        <Empty title="Its agent does not report for how long it has run">
          The metric process.uptime tells restarts: a Collector’s hostmetrics receiver (process scraper, process.uptime enabled) reports it.
        </Empty>
      ) : (
        <ul className={styles.list}>
          {latest && <li>Up since {exactMoment(latest.at - latest.value * 1000)}</li>}
          {restarts.map((at) => (
            <li key={at}>
              Restarted {exactMoment(at)} <span className={page.muted}>{ago(at, now)}</span>
            </li>
          ))}
        </ul>
      )}
    </Card>
  )
}

function NotReported({ missing }: { missing: Missing[] }) {
  return (
    <Card title="Not reported" note="and how to switch it on">
      {missing.length === 0 ? (
        <Empty title="Everything that this page knows is reported" />
      ) : (
        <ul className={styles.list}>
          {missing.map(({ title, how }) => (
            <li key={title}>
              <IconBulb size={14} aria-hidden /> <b>{title}.</b> {how}
            </li>
          ))}
        </ul>
      )}
    </Card>
  )
}

interface Row {
  path: string
  unit: string
  latest: number | null
  min: number
  max: number
}

const COLUMNS: Column<Row>[] = [
  { key: 'path', label: 'Metric', value: (r) => r.path, render: (r) => <span title={r.path}>{r.path.split('|').join(' › ')}</span> },
  { key: 'latest', label: 'Latest', numeric: true, value: (r) => r.latest, render: (r) => <span title={exact(r.latest, r.unit)}>{short(r.latest)}</span> },
  { key: 'min', label: 'Lowest', numeric: true, value: (r) => r.min, render: (r) => <span title={exact(r.min, r.unit)}>{short(r.min)}</span> },
  { key: 'max', label: 'Highest', numeric: true, value: (r) => r.max, render: (r) => <span title={exact(r.max, r.unit)}>{short(r.max)}</span> },
  { key: 'unit', label: 'Unit', value: (r) => r.unit, render: (r) => (r.unit === '1' ? '–' : r.unit.replace(/^1\//, '/') || '–') },
]

function AllMetrics({ series }: { series: MetricSeries[] }) {
  const rows = series
    .filter((s) => s.points.length > 0)
    .map((s): Row => ({ path: below(s.path), unit: s.unit, latest: s.points.at(-1)?.value ?? null, min: Math.min(...s.points.map((p) => p.min)), max: Math.max(...s.points.map((p) => p.max)) }))
  if (rows.length === 0) return null
  return (
    <Card title="Everything it reports">
      <DataTable label="Metrics of the node" rows={rows} columns={COLUMNS} rowKey={(r) => r.path} defaultSort="path" sortParam="metric-sort" />
    </Card>
  )
}
