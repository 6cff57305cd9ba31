import { IconAlertOctagonFilled } from '@tabler/icons-react'
import { lazy, Suspense, useMemo } from 'react'
import { useTelemetry } from '../../api/queries'
import type { ErrorGroupDetail } from '../../api/types'
import { paths } from '../../app/paths'
import { useId } from '../../app/useId'
import { useTitle } from '../../app/useTitle'
import { BaselineSelect } from '../../components/baseline/BaselineSelect'
import { useExpectedOfMetrics } from '../../components/baseline/queries'
import { Card } from '../../components/card/Card'
import { expectedByHour } from '../../components/chart/expected'
import type { Line } from '../../components/chart/plot'
import { Figure } from '../../components/figures/FigureStrip'
import figures from '../../components/figures/figures.module.css'
import { RangeLink } from '../../components/link/RangeLink'
import { Empty } from '../../components/states/Empty'
import { Loaded } from '../../components/states/Loaded'
import { Loading } from '../../components/states/Loading'
import { DataTable, type Column } from '../../components/table/DataTable'
import { count, exact, percent, short } from '../../format/numbers'
import { ago, exactMoment } from '../../format/times'
import { useTimeRange } from '../../time/TimeRangeContext'
import page from '../page.module.css'
import styles from './Error.module.css'
import { ErrorSamplesCard } from './ErrorSamplesCard'

const Chart = lazy(() => import('../../components/chart/Chart'))

/** One group of exceptions: how often and when, what it hit, its stacks. */
export function ErrorPage() {
  const application = useId('applicationId')
  const id = useId('errorId')
  const query = useTelemetry<ErrorGroupDetail>(`/errors/${id}`)
  useTitle([query.data?.type, query.data?.application.name])
  return (
    <div className={page.page}>
      <Card>
        <Loaded query={query} what="the error" lines={4}>
          {(error: ErrorGroupDetail) => <Head application={application} error={error} />}
        </Loaded>
      </Card>
      <div className={styles.beside}>
        <Card title="Over time" note="exceptions per minute; drag to zoom" actions={<BaselineSelect application={application} />}>
          <Loaded query={query} what="the error over time" lines={6}>
            {(error: ErrorGroupDetail) => (
              <Suspense fallback={<Loading what="the chart" lines={6} />}>
                <OverTime application={application} error={error} />
              </Suspense>
            )}
          </Loaded>
        </Card>
        <Card title="Business transactions hit">
          <Loaded query={query} what="the business transactions">
            {(error: ErrorGroupDetail) => <Hits application={application} error={error} />}
          </Loaded>
        </Card>
      </div>
      <ErrorSamplesCard application={application} id={id} />
    </div>
  )
}

function Head({ application, error }: { application: number; error: ErrorGroupDetail }) {
  const { now } = useTimeRange()
  return (
    <>
      <div className={styles.title}>
        <IconAlertOctagonFilled size={18} color="var(--v-crit-fill)" aria-hidden />
        <h1>{error.type}</h1>
        <span className={page.muted}>
          thrown on <RangeLink to={paths.tier(application, error.tier.id)}>{error.tier.name}</RangeLink>
        </span>
      </div>
      {error.message && <p className={styles.message}>{error.message}</p>}
      <dl className={figures.strip} aria-label="Key figures">
        <Figure label="Exceptions" title={exact(error.count, 'exceptions')}>
          {short(error.count)}
        </Figure>
        <Figure label="Per minute" title={exact(error.per_minute, 'exceptions/min')}>
          {short(error.per_minute)} <small>/min</small>
        </Figure>
        <Figure label="Business transactions" title={error.business_transactions.map((bt) => bt.name).join('\n')}>
          {count(error.business_transaction_count)}
        </Figure>
        <Figure label="First seen" title={exactMoment(error.first_seen)}>
          {ago(error.first_seen, now)}
        </Figure>
        <Figure label="Last seen" title={exactMoment(error.last_seen)}>
          {ago(error.last_seen, now)}
        </Figure>
      </dl>
    </>
  )
}

/** Where the metric tree has how often it happens. */
const pathOf = ({ tier, type, message }: ErrorGroupDetail) => ['Errors', tier.name, message ? `${type}: ${message}` : type, 'Errors per Minute'].join('|')

function OverTime({ application, error }: { application: number; error: ErrorGroupDetail }) {
  const { window, setRange } = useTimeRange()
  const path = pathOf(error)
  const bands = useExpectedOfMetrics(application, [path]).get(path)
  const { at, lines } = useMemo(() => {
    const width = error.minutes_per_point * 60_000
    const counts = new Map(error.points.map((p) => [p.at, p.count]))
    const slots: number[] = []
    for (let slot = Math.floor(window.from / width) * width; slot < window.to; slot += width) slots.push(slot)
    const values = slots.map((slot) => {
      const counted = counts.get(slot)
      return counted === undefined ? null : counted / error.minutes_per_point
    })
    const bars: Line[] = [{ label: 'exceptions/min', values, colour: '--v-series-3', kind: 'bars' }]
    return { at: slots.map((slot) => slot / 1000), lines: bars }
  }, [error, window.from, window.to])
  const expected = useMemo(() => bands && expectedByHour({ at }, bands), [at, bands])
  const minute = (ms: number) => Math.round(ms / 60_000) * 60_000
  return (
    <div className={styles.chart}>
      <Chart title="Exceptions" at={at} until={window.to} lines={lines} expected={expected} fillingFrom={error.filling_from === null ? null : error.filling_from / 1000} format={short} exact={(value) => exact(value, '')} height={168} onZoom={(from, to) => setRange({ kind: 'absolute', from: minute(from), to: Math.max(minute(to), minute(from) + 60_000) })} />
    </div>
  )
}

type Hit = ErrorGroupDetail['hits'][number]

function Hits({ application, error }: { application: number; error: ErrorGroupDetail }) {
  const columns = useMemo<Column<Hit>[]>(
    () => [
      { key: 'bt', label: 'Business transaction', value: (h) => h.bt.name, render: (h) => <RangeLink to={paths.businessTransaction(application, h.bt.id)} extra={{ tab: 'errors' }}>{h.bt.name}</RangeLink> },
      { key: 'count', label: 'Exceptions', numeric: true, value: (h) => h.count, render: (h) => <span title={exact(h.count, '')}>{short(h.count)}</span> },
      { key: 'share', label: 'Share', numeric: true, value: (h) => h.count, render: (h) => percent(error.count ? Math.min(100, (100 * h.count) / error.count) : null) },
    ],
    [application, error.count],
  )
  if (error.hits.length === 0) return <Empty title="None in this range">It happened outside business transactions.</Empty>
  return <DataTable label="Business transactions hit" rows={error.hits} columns={columns} rowKey={(h) => h.bt.id} defaultSort="-count" sortParam="hit-sort" />
}
