// uPlot's options for a chart of ours: axes, filling mark, zoom by dragging. No React.
import uPlot from 'uplot'
import { timeZone } from '../../time/zone'
import { roomFor, roomForUsual, runsOf, type Expected, type Usual } from './expected'
import { axisEnd, dotsOf } from './grid'
import type { Geometry } from './marks'

export interface Line {
  label: string
  values: (number | null)[]
  /** A CSS variable. */
  colour: string
  kind: 'area' | 'line' | 'bars'
  dash?: boolean
  faint?: boolean
  /** On the second axis. */
  right?: boolean
  /** Drawn thicker than the others. */
  strong?: boolean
  /** Nothing of it still fills: it is of an earlier time. */
  past?: boolean
}

/** A stretch of time that is shaded behind the lines. */
export interface Stretch {
  /** Seconds. */
  from: number
  to: number
  /** A CSS variable. */
  colour: string
}

export interface PlotSpec {
  at: number[]
  /** End of the range, Unix seconds. */
  until: number
  lines: Line[]
  stretches?: readonly Stretch[]
  fillingFrom: number | null
  /** What a baseline expects of the first line. */
  expected?: Expected
  /** What a model says is usual of the first line. */
  usual?: Usual
  format(value: number): string
  /** Of the second axis; without it there is none. */
  formatRight?(value: number): string
  width: number
  height: number
  compact: boolean
  syncKey: string
  onHover(index: number | null): void
  onZoom(from: number, to: number): void
  /** A slot was clicked. */
  onPick?(index: number): void
  /** Where the plot lies within the element, once it is laid out. */
  onLaidOut?(geometry: Geometry): void
}

const DAY = 86_400
const time = new Intl.DateTimeFormat(undefined, { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
const day = new Intl.DateTimeFormat(undefined, { timeZone, month: 'short', day: 'numeric' })

function timeLabels(splits: number[]): string[] {
  const step = (splits[1] ?? 0) - (splits[0] ?? 0)
  return splits.map((s) => {
    const at = new Date(s * 1000)
    const midnight = /^00\D00$/.test(time.format(at))
    return step >= DAY || midnight ? day.format(at) : time.format(at)
  })
}

export function plot(spec: PlotSpec, element: HTMLElement): uPlot {
  const style = getComputedStyle(element)
  const colour = (name: string) => style.getPropertyValue(name).trim()
  const axis = { stroke: colour('--v-muted'), font: `11px ${colour('--v-sans')}`, ticks: { show: false }, grid: { stroke: colour('--v-border'), width: 1 } }
  const right = spec.formatRight
  const lines = spec.lines.flatMap((line) => split(line, spec.at, line.past ? null : spec.fillingFrom))
  const options: uPlot.Options = {
    width: spec.width,
    height: spec.height,
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), timeZone),
    padding: [8, 18, 0, 0],
    legend: { show: false },
    cursor: { sync: { key: spec.syncKey, setSeries: false }, drag: { x: true, y: false, setScale: false }, points: { size: 6 } },
    scales: { x: { time: true, range: (_, least) => [least, axisEnd(spec.at, spec.until)] }, y: { range: (u, least, most) => valuesRange(u, least, roomForUsual(spec.usual, roomFor(spec.expected, most ?? 0))) }, ...(right ? { right: { range: valuesRange } } : {}) },
    axes: [
      { ...axis, size: 24, gap: 4, space: 70, values: (_, splits) => timeLabels(splits), grid: { show: false } },
      { ...axis, size: spec.compact ? 46 : 58, gap: 6, space: spec.compact ? 26 : 32, values: (_, splits) => splits.map((v) => spec.format(v)) },
      ...(right ? [{ ...axis, scale: 'right', side: 1 as const, size: 62, gap: 6, space: 32, grid: { show: false }, values: (_: uPlot, splits: number[]) => splits.map(right) }] : []),
    ],
    series: [{}, ...lines.map((line) => seriesOf(line, colour(line.colour)))],
    hooks: {
      ready: [(u) => spec.onLaidOut?.(geometryOf(u)), (u) => spec.onPick && listenForPicks(u, spec.onPick)],
      drawClear: [(u) => spec.stretches?.forEach((one) => shade(u, one, colour(one.colour))), (u) => markFilling(u, spec.fillingFrom, colour('--v-sunken'), colour('--v-border-strong')), (u) => spec.expected && drawExpected(u, spec.expected, colour('--v-band')), (u) => spec.usual && drawUsual(u, spec.usual, colour('--v-band'))],
      setCursor: [(u) => spec.onHover(u.cursor.idx ?? null)],
      setSelect: [
        (u) => {
          // The charts beside it select the same without an event of their own: one zoom is one step back.
          if (u.select.width < 6 || !u.cursor.event) return
          spec.onZoom(u.posToVal(u.select.left, 'x') * 1000, u.posToVal(u.select.left + u.select.width, 'x') * 1000)
        },
      ],
    },
  }
  return new uPlot(options, [spec.at, ...lines.map((l) => l.values)], element)
}

function geometryOf(u: uPlot): Geometry {
  const { left, top, width, height } = u.bbox
  const ratio = devicePixelRatio
  return { left: left / ratio, top: top / ratio, width: width / ratio, height: height / ratio, from: u.scales.x?.min ?? 0, to: u.scales.x?.max ?? 0 }
}

/** A click that was no drag picks the slot under it. */
function listenForPicks(u: uPlot, onPick: (index: number) => void): void {
  let pressed: number | null = null
  u.over.addEventListener('mousedown', (event) => (pressed = event.clientX))
  u.over.addEventListener('click', (event) => {
    const { idx } = u.cursor
    if (pressed !== null && Math.abs(event.clientX - pressed) < 6 && typeof idx === 'number') onPick(idx)
  })
}

/** From zero, or from below it where values are negative. */
function valuesRange(_: uPlot, least: number | null, most: number | null): [number, number] {
  const bottom = Math.min(0, (least ?? 0) * 1.12)
  return [bottom, (most ?? 0) > 0 ? (most ?? 0) * 1.12 : bottom < 0 ? 0 : 1]
}

const stepOf = (at: number[]) => (at[1] ?? 0) - (at[0] ?? 0)

/** A line is complete up to the filling slots and faint from there, so that a minute half over does not look like a fall. */
function split(line: Line, at: number[], fillingFrom: number | null): Line[] {
  if (fillingFrom === null) return [line]
  const first = at.findIndex((t) => t >= fillingFrom)
  if (first < 0) return [line]
  const complete = line.values.map((v, i) => (i < first ? v : null))
  const filling = line.values.map((v, i) => (i >= first - (line.kind === 'bars' ? 0 : 1) ? v : null))
  return [{ ...line, values: complete }, { ...line, values: filling, faint: true }]
}

function seriesOf(line: Line, stroke: string): uPlot.Series {
  const base = { label: line.label, stroke, scale: line.right ? 'right' : 'y', width: line.strong ? 3 : 1.5, alpha: line.faint ? 0.4 : 1, spanGaps: false, points: { show: (u: uPlot, i: number) => dots(u, i).length > 0, filter: dots, size: 6, width: 1, fill: stroke } }
  if (line.kind === 'bars') return { ...base, fill: stroke, width: 0, paths: uPlot.paths.bars?.({ size: [0.75, 12, 1] }), points: { show: false } }
  return { ...base, fill: line.kind === 'area' && !line.faint ? `${stroke}22` : undefined, dash: line.faint ? [2, 3] : line.dash ? [5, 4] : undefined }
}

const dots = (u: uPlot, seriesIndex: number) => dotsOf(u.data[seriesIndex] ?? [])

/** From edge to edge of the plot, and never thinner than can be seen. */
function shade(u: uPlot, { from, to }: Stretch, fill: string): void {
  const { ctx, bbox } = u
  const edge = (at: number) => Math.min(Math.max(u.valToPos(at, 'x', true), bbox.left), bbox.left + bbox.width)
  const [left, right] = [edge(from), edge(to)]
  if (to < (u.scales.x?.min ?? 0) || from > (u.scales.x?.max ?? 0)) return
  ctx.save()
  ctx.fillStyle = fill
  ctx.fillRect(left, bbox.top, Math.max(right - left, 2 * devicePixelRatio), bbox.height)
  ctx.restore()
}

/** The newest slots still fill: hatched, with a line where they begin. */
function markFilling(u: uPlot, from: number | null, fill: string, line: string): void {
  if (from === null) return
  const { ctx, bbox } = u
  const left = Math.max(bbox.left, u.valToPos(from - 0.5 * ((u.data[0][1] ?? 0) - (u.data[0][0] ?? 0)), 'x', true))
  const width = bbox.left + bbox.width - left
  if (width <= 0) return
  ctx.save()
  ctx.beginPath()
  ctx.rect(left, bbox.top, width, bbox.height)
  ctx.clip()
  ctx.fillStyle = fill
  ctx.fillRect(left, bbox.top, width, bbox.height)
  ctx.strokeStyle = line
  ctx.lineWidth = devicePixelRatio
  for (let x = left - bbox.height; x < left + width; x += 6 * devicePixelRatio) {
    ctx.beginPath()
    ctx.moveTo(x, bbox.top + bbox.height)
    ctx.lineTo(x + bbox.height, bbox.top)
    ctx.stroke()
  }
  ctx.restore()
}

/** The outline of a band: one edge there, the other back. Each slot is as wide as it lasts. */
function outline(u: uPlot, [first, last]: [number, number], top: (i: number) => number, bottom: ((i: number) => number) | null): void {
  const { ctx } = u
  const at = u.data[0]
  const half = stepOf(Array.from(at)) / 2
  const x = (i: number, side: number) => u.valToPos((at[i] ?? 0) + side * half, 'x', true)
  const edge = (value: (i: number) => number, back: boolean) => {
    for (let n = 0; n <= last - first; n++) {
      const i = back ? last - n : first + n
      const y = u.valToPos(Math.max(value(i), u.scales.y?.min ?? 0), 'y', true)
      ctx.lineTo(x(i, back ? 1 : -1), y)
      ctx.lineTo(x(i, back ? -1 : 1), y)
    }
  }
  ctx.beginPath()
  edge(top, false)
  if (!bottom) return
  edge(bottom, true)
  ctx.closePath()
}

function withinPlot(u: uPlot, draw: () => void): void {
  const { ctx, bbox } = u
  ctx.save()
  ctx.beginPath()
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height)
  ctx.clip()
  draw()
  ctx.restore()
}

/** What is expected, as a dotted line. */
function dotted(u: uPlot, run: [number, number], value: (i: number) => number, colour: string): void {
  const { ctx } = u
  outline(u, run, value, null)
  ctx.strokeStyle = colour
  ctx.lineWidth = 1.25 * devicePixelRatio
  ctx.setLineDash([1.5 * devicePixelRatio, 3 * devicePixelRatio])
  ctx.stroke()
  ctx.setLineDash([])
}

/** What a baseline expects: a band of ±3 σ, one of ±2 σ in it, and the mean as a dotted line. */
function drawExpected(u: uPlot, { mean, deviation }: Expected, colour: string): void {
  const at = (by: number) => (i: number) => Math.max((mean[i] ?? 0) + by * (deviation[i] ?? 0), 0)
  withinPlot(u, () => {
    for (const run of runsOf(mean)) {
      for (const by of [3, 2]) {
        outline(u, run, at(by), at(-by))
        u.ctx.fillStyle = `${colour}${by === 3 ? '1f' : '2b'}`
        u.ctx.fill()
      }
      dotted(u, run, at(0), colour)
    }
  })
}

/** What is usual: one band from its low to its high end, and what is expected as a dotted line. */
function drawUsual(u: uPlot, { expected, low, high }: Usual, colour: string): void {
  const bottom = u.scales.y?.min ?? 0
  withinPlot(u, () => {
    for (const run of runsOf(high)) {
      outline(u, run, (i) => high[i] ?? 0, (i) => low[i] ?? bottom)
      u.ctx.fillStyle = `${colour}2e`
      u.ctx.fill()
    }
    for (const run of runsOf(expected)) dotted(u, run, (i) => expected[i] ?? 0, colour)
  })
}
