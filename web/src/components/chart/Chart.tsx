import 'uplot/dist/uPlot.min.css'
import { useComputedColorScheme } from '@mantine/core'
import { useElementSize } from '@mantine/hooks'
import { useEffect, useRef, useState, type ReactNode } from 'react'
import { minuteOf } from '../../format/times'
import { sigmas } from '../baseline/state'
import styles from './Chart.module.css'
import { EventMarks } from './EventMarks'
import type { Geometry } from './marks'
import { isKnown, type Expected, type Usual } from './expected'
import { plot, type Line, type Stretch } from './plot'

interface Props {
  title: string
  at: number[]
  /** End of the range, UTC milliseconds: so far the axis goes. */
  until: number
  lines: Line[]
  fillingFrom: number | null
  /** What a baseline expects of the first line: drawn as a band. */
  expected?: Expected
  /** What a model says is usual of the first line: drawn as a band too. */
  usual?: Usual
  /** Times that are shaded. */
  stretches?: readonly Stretch[]
  /** What can be done with what it shows, at the end of its head. */
  action?: ReactNode
  format(value: number): string
  /** Of the second axis; without it there is none. */
  formatRight?(value: number): string
  /** All digits, with the unit, for the point under the pointer. */
  exact(value: number | null): string
  height: number
  compact?: boolean
  /** Whoever names the lines elsewhere is told where the pointer is, and no legend is drawn. */
  onHover?(index: number | null): void
  onZoom(from: number, to: number): void
  /** A slot was clicked. */
  onPick?(index: number): void
}

/** One chart over time. Its head shows the exact values under the pointer; dragging chooses a range. */
export default function Chart({ title, at, until, lines, fillingFrom, expected, usual, stretches, action, format, formatRight, exact, height, compact = false, onHover, onZoom, onPick }: Props) {
  const { ref: box, width } = useElementSize<HTMLDivElement>()
  const canvas = useRef<HTMLDivElement>(null)
  const [hovered, setHovered] = useState<number | null>(null)
  const [laidOut, setLaidOut] = useState<Geometry | null>(null)
  const scheme = useComputedColorScheme('light')
  const twoAxes = formatRight !== undefined
  const latest = useRef({ format, formatRight, onHover, onZoom, onPick })
  useEffect(() => {
    latest.current = { format, formatRight, onHover, onZoom, onPick }
  })

  useEffect(() => {
    const element = canvas.current
    if (!element || width < 40) return undefined
    const hover = (index: number | null) => {
      setHovered(index)
      latest.current.onHover?.(index)
    }
    const drawn = plot({ at, until: until / 1000, lines, fillingFrom, expected, usual, stretches, width, height, compact, syncKey: 'time', format: (v) => latest.current.format(v), formatRight: twoAxes ? (v) => latest.current.formatRight?.(v) ?? '' : undefined, onHover: hover, onZoom: (from, to) => latest.current.onZoom(from, to), onPick: (index) => latest.current.onPick?.(index), onLaidOut: setLaidOut }, element)
    return () => drawn.destroy()
    // oxlint-disable-next-line react/exhaustive-effect-dependencies -- a canvas keeps its colours until it is drawn anew
  }, [at, until, lines, fillingFrom, expected, usual, stretches, width, height, compact, scheme, twoAxes])

  const moment = hovered === null ? undefined : at[hovered]
  const blank = lines.every((line) => line.values.every((v) => v === null))
  return (
    <figure className={styles.chart} ref={box} aria-label={`${title}: ${[describe(lines, exact), describeExpected(expected?.mean ?? usual?.expected, exact)].filter(Boolean).join('; ')}`}>
      <figcaption className={styles.head}>
        <strong>{title}</strong>
        {!onHover && lines.map((line) => (
          <span key={line.label} className={styles.value}>
            <i style={{ background: `var(${line.colour})` }} data-dash={line.dash || undefined} />
            {line.label}
            {moment !== undefined && <b>{exact(line.values[hovered ?? 0] ?? null)}</b>}
          </span>
        ))}
        {isKnown(expected) && <ExpectedLabel />}
        {usual && <UsualLabel />}
        {moment !== undefined && (
          <time>
            {expectedAt(expected, hovered ?? 0, lines[0]?.values[hovered ?? 0] ?? null, exact)}
            {usualAt(usual, hovered ?? 0, exact)}
            {minuteOf(moment * 1000)}
          </time>
        )}
        {moment === undefined && fillingFrom !== null && !compact && (
          <span className={styles.filling} title="The newest minute is still filling">
            <i /> still filling
          </span>
        )}
        {action}
      </figcaption>
      <div className={styles.canvas} style={{ height }}>
        <div ref={canvas} />
        {laidOut && <EventMarks plot={laidOut} />}
        {blank && <p className={styles.blank}>No data in this range</p>}
      </div>
    </figure>
  )
}

/** The band's place in the legend. */
function ExpectedLabel() {
  return (
    <span className={styles.value} data-expected title="What the baseline expects: its mean, with 2 and 3 deviations around it">
      <i data-band />
      <span>expected</span>
    </span>
  )
}

function UsualLabel() {
  return (
    <span className={styles.value} title="What the model of this series says is usual at that time">
      <i data-band />
      usual
    </span>
  )
}

/** What is expected at a point, and how far its value lies from that. */
function expectedAt(expected: Expected | undefined, at: number, value: number | null, exact: (value: number | null) => string): string {
  const [mean, deviation] = [expected?.mean[at] ?? null, expected?.deviation[at] ?? null]
  if (mean === null || deviation === null) return isKnown(expected) ? 'no baseline here · ' : ''
  const off = value === null || deviation === 0 ? '' : ` (${sigmas((value - mean) / deviation)})`
  return `expected ${exact(tidy(mean))} ± ${exact(tidy(deviation))}${off} · `
}

/** What is usual at a point. */
function usualAt(usual: Usual | undefined, at: number, exact: (value: number | null) => string): string {
  const high = usual?.high[at] ?? null
  if (!usual || high === null) return usual ? 'not known yet what is usual · ' : ''
  const low = usual.low[at] ?? null
  return low === null ? `usual up to ${exact(tidy(high))} · ` : `usual ${exact(tidy(low))} to ${exact(tidy(high))} · `
}

/** As many digits as a deviation can mean anything in. */
const tidy = (value: number) => Number(value.toPrecision(4))

function describeExpected(expected: readonly (number | null)[] | undefined, exact: (value: number | null) => string): string {
  const means = (expected ?? []).filter((mean) => mean !== null)
  return means.length ? `expected from ${exact(tidy(Math.min(...means)))} to ${exact(tidy(Math.max(...means)))}` : ''
}

function describe(lines: Line[], exact: (value: number | null) => string): string {
  return lines
    .map((line) => {
      const values = line.values.filter((v) => v !== null)
      return values.length ? `${line.label} from ${exact(Math.min(...values))} to ${exact(Math.max(...values))}` : `${line.label} without data`
    })
    .join('; ')
}
