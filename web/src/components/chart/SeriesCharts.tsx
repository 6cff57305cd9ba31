import { useMemo } from 'react'
import type { AnomalyMeasure, Bands, Series } from '../../api/types'
import { exact, responseTime, short } from '../../format/numbers'
import { useTimeRange } from '../../time/TimeRangeContext'
import { ModelLink, type Watched } from '../anomaly/ModelLink'
import { RuleLink } from '../health/RuleLink'
import { thresholdOf, type Suggestion } from '../health/suggestion'
import Chart from './Chart'
import styles from './Chart.module.css'
import { expectedOf } from './expected'
import { gridOf, perMinuteOf, valuesOf } from './grid'
import type { Line } from './plot'

/** Whom a rule would be about. */
export type About = Pick<Suggestion, 'kind' | 'name'>

interface Props {
  series: Series
  /** Present where rules can be made of the charts. */
  rules?: { application: number; about: About }
  /** Present where what is charted is watched for anomalies. */
  watched?: Watched
  /** Small and stacked, for a panel. */
  compact?: boolean
}

/** Calls per minute, response times and errors of one measured thing over the page's range. */
export default function SeriesCharts({ series, rules, watched, compact = false }: Props) {
  const { window, setRange } = useTimeRange()
  const grid = useMemo(() => gridOf(series, window.from, window.to), [series, window.from, window.to])
  const lines = useMemo(() => {
    const calls: Line[] = [{ label: 'calls/min', values: perMinuteOf(grid, (p) => p.calls), colour: '--v-series-1', kind: 'area' }]
    const times: Line[] = [
      { label: 'average', values: valuesOf(grid, (p) => p.average_ms), colour: '--v-series-1', kind: 'line' },
      { label: '95th', values: valuesOf(grid, (p) => p.p95_ms), colour: '--v-series-2', kind: 'line', dash: true },
    ]
    const errors: Line[] = [{ label: 'errors/min', values: perMinuteOf(grid, (p) => p.errors), colour: '--v-series-3', kind: 'bars' }]
    return { calls, times, errors }
  }, [grid])
  const expected = useMemo(
    () => ({
      calls: expectedOf(grid, series.bands, (hour) => hour.calls),
      times: expectedOf(grid, series.bands, (hour) => hour.average_ms),
      errors: expectedOf(grid, series.bands, (hour) => hour.errors),
    }),
    [grid, series.bands],
  )
  const shared = {
    at: grid.at,
    until: window.to,
    fillingFrom: grid.fillingFrom,
    height: compact ? 92 : 168,
    compact,
    onZoom: (from: number, to: number) => setRange({ kind: 'absolute', from: Math.round(from / 60_000) * 60_000, to: Math.max(Math.round(to / 60_000), Math.round(from / 60_000) + 1) * 60_000 }),
  }
  const links = (what: string, path: string, measure: AnomalyMeasure, line: Line[], band: (hour: Bands['hours'][number]) => unknown) => (
    <>
      {rules && <RuleLink application={rules.application} what={what} about={{ ...rules.about, path, baseline: series.bands?.hours.some((hour) => band(hour) !== null) ?? false, value: thresholdOf(line[0]?.values ?? []) }} />}
      {watched && <ModelLink watched={watched} measure={measure} what={what} />}
    </>
  )
  const rate = (value: number | null) => exact(value, '')
  const ms = (value: number | null) => exact(value === null ? null : Math.round(value * 1000) / 1000, 'ms')
  return (
    <div className={compact ? styles.stack : styles.row}>
      <Chart title="Calls" lines={lines.calls} expected={expected.calls} format={short} exact={rate} action={links('the calls', 'Calls per Minute', 'CALLS', lines.calls, (hour) => hour.calls)} {...shared} />
      <Chart title="Response time" lines={lines.times} expected={expected.times} format={responseTime} exact={ms} action={links('the response time', 'Average Response Time (ms)', 'RESPONSE_TIME', lines.times, (hour) => hour.average_ms)} {...shared} />
      <Chart title="Errors" lines={lines.errors} expected={expected.errors} format={short} exact={rate} action={links('the errors', 'Errors per Minute', 'ERROR_SHARE', lines.errors, (hour) => hour.errors)} {...shared} />
    </div>
  )
}
