import { useMemo } from 'react'
import Chart from '../../components/chart/Chart'
import type { Line } from '../../components/chart/plot'
import { useTimeRange } from '../../time/TimeRangeContext'
import { bandOf, type Drawn, type Selection } from './model/series'
import { exactIn, shownIn, unitName } from '../../format/units'

interface Props {
  selection: Selection
  /** The path that is drawn thicker. */
  strong: string | null
  onHover(index: number | null): void
}

export const colourOf = (index: number) => `--v-series-${index + 1}`

const isOf = (line: Line, drawn: Drawn) => line.label === drawn.label && !line.past

/** All series on one chart: the first unit on the left axis, the second on the right, an earlier range dashed; with the band of the only one, or of the strong one. */
export function MetricChart({ selection, strong, onHover }: Props) {
  const { window, setRange } = useTimeRange()
  const { grid, series, units } = selection
  const [left = '', right] = units
  const lines = useMemo(
    () =>
      series.flatMap((s, i): Line[] => {
        if (!units.includes(s.unit)) return []
        const line = (points: Drawn['points'], earlier: boolean): Line => ({
          label: earlier ? `${s.label}, earlier` : s.label,
          values: points.map((p) => p?.value ?? null),
          colour: colourOf(i),
          kind: 'line',
          dash: earlier,
          past: earlier,
          right: s.unit === right,
          strong: s.path === strong && !earlier,
        })
        return [...(s.earlier ? [line(s.earlier, true)] : []), line(s.points, false)]
      }),
    [series, units, right, strong],
  )
  const banded = useMemo(() => bandOf(selection, strong), [selection, strong])
  // A chart says what is expected of its first line.
  const ordered = useMemo(() => (banded ? [...lines].sort((a, b) => Number(isOf(b, banded)) - Number(isOf(a, banded))) : lines), [lines, banded])
  const minute = (at: number) => Math.round(at / 60_000) * 60_000
  return (
    <Chart
      title={right === undefined ? unitName(left) : `left: ${unitName(left)}, right: ${unitName(right)}`}
      at={grid.at}
      until={window.to}
      lines={ordered}
      expected={banded?.expected}
      fillingFrom={grid.fillingFrom}
      format={(value) => shownIn(left, value)}
      formatRight={right === undefined ? undefined : (value) => shownIn(right, value)}
      exact={(value) => exactIn(right === undefined ? left : '', value)}
      height={300}
      onHover={onHover}
      onZoom={(from, to) => setRange({ kind: 'absolute', from: minute(from), to: Math.max(minute(to), minute(from) + 60_000) })}
    />
  )
}
