import { useMemo } from 'react'
import Chart from '../../components/chart/Chart'
import type { Line, Stretch } from '../../components/chart/plot'
import { useTimeRange } from '../../time/TimeRangeContext'
import { minuteOf } from '../../format/times'
import { exactIn, shownIn } from '../../format/units'
import styles from './HealthRules.module.css'
import { conditionWord } from './model/words'
import { draftOf } from './model/draft'
import { unitOf } from './model/metrics'
import { minutesOf, minutesPerPoint, shadesOf, thinned, worthFrom } from './model/times'
import type { Condition, Episode, Rule, RuleChart } from './types'

interface Props {
  chart: RuleChart
  rule: Rule
  /** Those of whom the chart is. */
  episodes: readonly Episode[]
  to: number
  /** A stretch to be marked beside those: the window that decided. */
  marked?: { from: number; to: number }
  height?: number
}

/** For each condition of the level that was reached: what was measured, what was compared, with what, and when the rule was violated. */
export default function RuleChartView({ chart, rule, episodes, to, marked, height = 150 }: Props) {
  const criteria = chart.level === 'CRITICAL' ? rule.critical : rule.warning
  const words = useMemo(() => new Map((criteria ? draftOf({ ...rule, critical: criteria, warning: null }).critical?.conditions : [])?.map((one) => [one.short, conditionWord(one)])), [criteria, rule])
  const stretches = useMemo(() => {
    const shaded = shadesOf(chart.levels).map(({ level, from, to: end }): Stretch => ({ from: chart.from / 1000 + from * 60, to: chart.from / 1000 + end * 60, colour: level === 'CRITICAL' ? '--v-crit-soft' : '--v-warn-soft' }))
    return marked ? [...shaded, { from: marked.from / 1000, to: marked.to / 1000, colour: '--v-accent-soft' }] : shaded
  }, [chart, marked])
  const first = useMemo(() => worthFrom(chart, marked?.from), [chart, marked])
  return (
    <div className={styles.stack}>
      <p className={styles.whom}>
        <b>{chart.entity.name}</b>, the conditions of {chart.level.toLowerCase()}
        {episodes.length > 0 && '; shaded: violated'}
        {marked && '; petrol: the window that decided'}
        {first > 0 && `; drawn from ${minuteOf(chart.from + first * 60_000)} on, nothing was measured before`}
      </p>
      {chart.conditions.map((series) => (
        <ConditionChart key={series.short_name} chart={chart} first={first} at={series.short_name} condition={criteria?.conditions.find((one) => one.short_name === series.short_name)} title={`${series.short_name}: ${words.get(series.short_name) ?? ''}`} stretches={stretches} to={to} height={height} />
      ))}
    </div>
  )
}

type Values = (number | null)[]

interface ConditionProps {
  chart: RuleChart
  /** The minute from which on it is drawn. */
  first: number
  /** Its short name. */
  at: string
  condition: Condition | undefined
  title: string
  stretches: readonly Stretch[]
  to: number
  height: number
}

/** Whether small values break it. */
function isLow(condition: Condition | undefined): boolean {
  const compare = condition?.compare
  return compare?.type === 'VALUE' ? compare.operator.startsWith('LESS') : compare?.deviation === 'BELOW'
}

function ConditionChart({ chart, first, at, condition, title, stretches, to, height }: ConditionProps) {
  const { setRange } = useTimeRange()
  const input = condition?.input
  const unit = input?.type === 'METRIC' ? unitOf(input.function, input.path) : ''
  const drawn = useMemo(() => {
    const series = chart.conditions.find((one) => one.short_name === at)
    const [values, compared, thresholds] = [series?.values ?? [], series?.compared ?? [], series?.thresholds ?? []].map((all) => all.slice(first)) as [Values, Values, Values]
    const step = minutesPerPoint(values.length)
    const low = isLow(condition)
    const lines: Line[] = [
      { label: 'each minute', values: thinned(values, step, low), colour: '--v-edge', kind: 'line' },
      { label: 'compared', values: thinned(compared, step, low), colour: '--v-series-1', kind: 'line' },
      { label: 'threshold', values: thinned(thresholds, step, !low), colour: '--v-series-3', kind: 'line', dash: true },
    ]
    const same = compared.every((value, place) => value === values[place])
    const minutes = minutesOf(chart, first + values.length).slice(first)
    return { at: minutes.filter((_, place) => place % step === 0), lines: same ? lines.slice(1) : lines }
  }, [chart, first, at, condition])
  const minute = (moment: number) => Math.round(moment / 60_000) * 60_000
  return (
    <Chart
      title={title}
      at={drawn.at}
      until={to}
      lines={drawn.lines}
      fillingFrom={null}
      stretches={stretches}
      format={(value) => shownIn(unit, value)}
      exact={(value) => exactIn(unit, value === null ? null : Number(value.toPrecision(6)))}
      height={height}
      onZoom={(from, end) => setRange({ kind: 'absolute', from: minute(from), to: Math.max(minute(end), minute(from) + 60_000) })}
    />
  )
}
