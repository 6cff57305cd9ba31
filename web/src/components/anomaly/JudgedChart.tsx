import { useMemo, type ReactNode } from 'react'
import type { AnomalyPoint } from '../../api/types'
import { exactIn, shownIn } from '../../format/units'
import { useTimeRange } from '../../time/TimeRangeContext'
import Chart from '../chart/Chart'
import type { Line, Stretch } from '../chart/plot'
import styles from './anomaly.module.css'
import { judgedOf, shadesOf, stateRuns, thinnedPoints } from './series'
import { StateStrip } from './StateStrip'

interface Props {
  title: string
  /** What the line is called. */
  label: string
  unit: string
  points: readonly AnomalyPoint[]
  height?: number
  /** A moment to be marked, UTC milliseconds. */
  marked?: number | null
  /** A minute was clicked. */
  onPick?(at: number): void
  action?: ReactNode
}

const MINUTE = 60_000

/** A series with what is usual of it as a band, shaded where it was anomalous, and its states below. */
export default function JudgedChart({ title, label, unit, points, height = 170, marked = null, onPick, action }: Props) {
  const { setRange } = useTimeRange()
  const shown = useMemo(() => thinnedPoints(points), [points])
  const { at, values, usual } = useMemo(() => judgedOf(shown), [shown])
  const runs = useMemo(() => stateRuns(shown), [shown])
  const lines = useMemo((): Line[] => [{ label, values, colour: '--v-series-1', kind: 'line' }], [label, values])
  const stretches = useMemo((): Stretch[] => (marked === null ? shadesOf(runs) : [...shadesOf(runs), { from: marked / 1000 - 30, to: marked / 1000 + 30, colour: '--v-accent-soft' }]), [runs, marked])
  const minute = (moment: number) => Math.round(moment / MINUTE) * MINUTE
  return (
    <div className={styles.judged}>
      <Chart
        title={title}
        at={at}
        until={(runs.at(-1)?.to ?? 0)}
        lines={lines}
        usual={usual}
        fillingFrom={null}
        stretches={stretches}
        action={action}
        format={(value) => shownIn(unit, value)}
        exact={(value) => exactIn(unit, value === null ? null : Number(value.toPrecision(6)))}
        height={height}
        onZoom={(from, to) => setRange({ kind: 'absolute', from: minute(from), to: Math.max(minute(to), minute(from) + MINUTE) })}
        onPick={onPick && ((index) => onPick(shown[index]?.at ?? 0))}
      />
      <StateStrip runs={runs} />
    </div>
  )
}
