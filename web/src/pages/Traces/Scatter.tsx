import { SegmentedControl } from '@mantine/core'
import { useElementSize } from '@mantine/hooks'
import { useMemo, useState, type PointerEvent } from 'react'
import { useUrlState } from '../../app/urlState'
import { milliseconds, plural, responseTime } from '../../format/numbers'
import { exactMoment, minuteOf, timeOf } from '../../format/times'
import type { Window } from '../../time/range'
import { offsetMinutes } from '../../time/zone'
import { durationAxis, durationTicks, nearest, placeOf, timeTicks, valueAt, type Axis, type Point } from './model/plot'
import styles from './Traces.module.css'

const HEIGHT = 190
const TOP = 8
const BOTTOM = 20
const LEFT = 62
const RIGHT = 12
/** Pixels around a point where it is meant. */
const REACH = 14
/** Pixels that a drag is longer than a click. */
const DRAG = 5
const DAY = 86_400_000

interface Part {
  from: number
  to: number
  min: number
  max: number
}

interface Props {
  points: readonly Point[]
  window: Window
  /** What one point is: a transaction, a span. */
  what: string
  labelOf(key: string): string
  onOpen(key: string): void
  onZoom(part: Part): void
}

/** Durations over time: a dot each, a cross where it failed. A click opens one, a drag looks closer at a part. */
export function Scatter({ points, window, what, labelOf, onOpen, onZoom }: Props) {
  const [scale, setScale] = useUrlState('scale', 'log')
  const { ref, width } = useElementSize()
  const y = useMemo(() => durationAxis(points, scale !== 'linear'), [points, scale])
  const failed = points.filter((point) => point.failed).length
  return (
    <figure className={styles.plot}>
      <figcaption>
        <span className={styles.key}>
          <svg width="10" height="10" aria-hidden>
            <circle cx="5" cy="5" r="3.5" className={styles.dot} />
          </svg>
          {what}
        </span>
        <span className={styles.key}>
          <svg width="10" height="10" aria-hidden>
            <path d="M1.5 1.5 8.5 8.5M8.5 1.5 1.5 8.5" className={styles.cross} />
          </svg>
          failed
        </span>
        <span className={styles.hint}>Click to open, drag to look closer</span>
        <SegmentedControl aria-label="Scale of durations" size="xs" data={[{ value: 'log', label: 'Logarithmic' }, { value: 'linear', label: 'Linear' }]} value={scale} onChange={setScale} />
      </figcaption>
      <div ref={ref} className={styles.canvas}>
        {width > 0 && <Canvas points={points} x={{ from: window.from, to: window.to, log: false }} y={y} width={width} label={`Durations over time of ${plural(points.length, what)}, ${failed} failed. The table below lists them.`} labelOf={labelOf} onOpen={onOpen} onZoom={onZoom} />}
      </div>
    </figure>
  )
}

interface CanvasProps extends Pick<Props, 'points' | 'labelOf' | 'onOpen' | 'onZoom'> {
  x: Axis
  y: Axis
  width: number
  label: string
}

interface Drag {
  x0: number
  y0: number
  x1: number
  y1: number
}

function Canvas({ points, x, y, width, label, labelOf, onOpen, onZoom }: CanvasProps) {
  const [hovered, setHovered] = useState<Point | null>(null)
  const [drag, setDrag] = useState<Drag | null>(null)
  const across = width - LEFT - RIGHT
  const up = HEIGHT - TOP - BOTTOM
  const left = (at: number) => LEFT + placeOf(x, at) * across
  const top = (ms: number) => TOP + (1 - placeOf(y, ms)) * up
  const placed = (point: Point) => ({ x: left(point.at), y: top(point.ms) })
  const pointer = (event: PointerEvent) => {
    const box = event.currentTarget.getBoundingClientRect()
    return { x: event.clientX - box.left, y: event.clientY - box.top }
  }
  const isDrag = drag !== null && (Math.abs(drag.x1 - drag.x0) > DRAG || Math.abs(drag.y1 - drag.y0) > DRAG)
  const onPointerMove = (event: PointerEvent) => {
    const at = pointer(event)
    if (drag) setDrag({ ...drag, x1: at.x, y1: at.y })
    else setHovered(nearest(points, placed, at.x, at.y, REACH))
  }
  const onPointerUp = (event: PointerEvent) => {
    const at = pointer(event)
    setDrag(null)
    if (!drag) return
    if (!isDrag) {
      const meant = nearest(points, placed, at.x, at.y, REACH)
      if (meant) onOpen(meant.key)
      return
    }
    onZoom(partOf({ ...drag, x1: at.x, y1: at.y }, x, y, across, up))
  }
  return (
    <div
      className={styles.pointer}
      role="img"
      aria-label={label}
      data-over={hovered !== null || undefined}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId)
        const at = pointer(event)
        setDrag({ x0: at.x, y0: at.y, x1: at.x, y1: at.y })
      }}
      onPointerMove={onPointerMove}
      onPointerUp={onPointerUp}
      onPointerLeave={() => setHovered(null)}
    >
      <svg width={width} height={HEIGHT} aria-hidden>
        <Grid x={x} y={y} width={width} left={left} top={top} />
        <Points points={points} x={x} y={y} width={width} />
        {hovered && <circle cx={left(hovered.at)} cy={top(hovered.ms)} r="7" className={styles.ring} />}
        {isDrag && <rect className={styles.chosen} x={Math.min(drag.x0, drag.x1)} y={Math.min(drag.y0, drag.y1)} width={Math.abs(drag.x1 - drag.x0)} height={Math.abs(drag.y1 - drag.y0)} />}
      </svg>
      {hovered && !isDrag && (
        <div className={styles.tip} data-side={left(hovered.at) > width / 2 ? 'left' : 'right'} style={{ left: left(hovered.at), top: top(hovered.ms) }}>
          <b>{responseTime(hovered.ms)}</b> {hovered.failed && 'failed'}
          <br />
          {labelOf(hovered.key)}
          <br />
          <small>{exactMoment(hovered.at)}</small>
        </div>
      )}
    </div>
  )
}

/** All points as two paths: a thousand elements would be slower to draw than to find. */
function Points({ points, x, y, width }: { points: readonly Point[]; x: Axis; y: Axis; width: number }) {
  const [dots, crosses] = useMemo(() => {
    const across = width - LEFT - RIGHT
    const up = HEIGHT - TOP - BOTTOM
    const parts: [string[], string[]] = [[], []]
    for (const point of points) {
      const place = placeOf(x, point.at)
      if (place < 0 || place > 1) continue
      const cx = (LEFT + place * across).toFixed(1)
      const cy = (TOP + (1 - placeOf(y, point.ms)) * up).toFixed(1)
      if (point.failed) parts[1].push(`M${cx} ${cy}m-4-4l8 8m0-8l-8 8`)
      else parts[0].push(`M${cx} ${cy}m-3 0a3 3 0 1 0 6 0a3 3 0 1 0-6 0`)
    }
    return parts
  }, [points, x, y, width])
  return (
    <>
      <path d={dots.join('')} className={styles.dot} />
      <path d={crosses.join('')} className={styles.cross} />
    </>
  )
}

function Grid({ x, y, width, left, top }: { x: Axis; y: Axis; width: number; left(at: number): number; top(ms: number): number }) {
  const zone = offsetMinutes(x.to) * 60_000
  const long = x.to - x.from > DAY
  const moments = timeTicks(x.from, x.to, Math.max(2, Math.floor(width / (long ? 170 : 120))), zone)
  return (
    <g className={styles.grid}>
      {durationTicks(y).map((ms) => (
        <g key={ms}>
          <line x1={LEFT} x2={width - RIGHT} y1={top(ms)} y2={top(ms)} />
          <text x={LEFT - 6} y={top(ms) + 4} textAnchor="end">
            {milliseconds(ms)}
          </text>
        </g>
      ))}
      {moments.map((at) => (
        <g key={at}>
          <line x1={left(at)} x2={left(at)} y1={HEIGHT - BOTTOM} y2={HEIGHT - BOTTOM + 4} />
          <text x={Math.min(left(at), width - 30)} y={HEIGHT - 4} textAnchor="middle">
            {long ? minuteOf(at) : timeOf(at)}
          </text>
        </g>
      ))}
    </g>
  )
}

function partOf({ x0, y0, x1, y1 }: Drag, x: Axis, y: Axis, across: number, up: number): Part {
  const clamp = (place: number) => Math.min(1, Math.max(0, place))
  const at = (px: number) => Math.round(valueAt(x, clamp((px - LEFT) / across)))
  const ms = (px: number) => Number(valueAt(y, clamp(1 - (px - TOP) / up)).toPrecision(3))
  return { from: at(Math.min(x0, x1)), to: at(Math.max(x0, x1)), min: ms(Math.max(y0, y1)), max: ms(Math.min(y0, y1)) }
}
