// Draws a heat map on a canvas: cells, percentiles over them, labels at the sides. No React.
import type { ResponseTimes } from '../../api/types'
import { responseTime } from '../../format/numbers'
import { boxOf, heightOf, mixed, momentsOf, mostCalls, shadeOf, ticksOf, type Area, type Place } from './model'

const time = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
const day = new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
const DAY = 86_400_000

interface Spec {
  map: ResponseTimes
  area: Area
  /** The cell under the pointer. */
  marked: Place | null
  /** Whose colours they are: a canvas keeps what it was drawn with. */
  scheme: string
}

export function draw(canvas: HTMLCanvasElement, width: number, height: number, spec: Spec): void {
  const context = canvas.getContext('2d')
  if (!context) return
  const scale = globalThis.devicePixelRatio || 1
  canvas.width = Math.round(width * scale)
  canvas.height = Math.round(height * scale)
  context.scale(scale, scale)
  const style = getComputedStyle(canvas)
  const colour = (name: string) => style.getPropertyValue(name).trim()
  context.font = `11px ${colour('--v-sans')}`
  labels(context, spec, colour)
  cells(context, spec, colour)
  line(context, spec, (c) => c.p50_ms, colour('--v-text'), [3, 3])
  line(context, spec, (c) => c.p95_ms, colour('--v-series-2'), [])
  if (spec.marked) {
    const box = boxOf(spec.map, spec.area, spec.marked)
    context.strokeStyle = colour('--v-text')
    context.lineWidth = 2
    context.strokeRect(box.left - 0.5, box.top - 0.5, box.width + 1, box.height + 1)
  }
}

type Colour = (name: string) => string

function labels(context: CanvasRenderingContext2D, { map, area }: Spec, colour: Colour): void {
  context.fillStyle = colour('--v-muted')
  context.strokeStyle = colour('--v-border')
  context.lineWidth = 1
  context.textAlign = 'right'
  context.textBaseline = 'middle'
  for (const tick of ticksOf(map, area.height)) {
    const y = Math.round(area.top + (1 - heightOf(map, tick)) * area.height) + 0.5
    context.beginPath()
    context.moveTo(area.left, y)
    context.lineTo(area.left + area.width, y)
    context.stroke()
    context.fillText(responseTime(tick), area.left - 7, Math.min(area.top + area.height - 5, Math.max(area.top + 5, y)))
  }
  context.textAlign = 'left'
  context.textBaseline = 'alphabetic'
  const [first, last] = [map.columns[0]?.at ?? 0, map.columns.at(-1)?.at ?? 0]
  const format = last - first > DAY ? day : time
  for (const column of momentsOf(map, area.width)) {
    const box = boxOf(map, area, { column, row: 0 })
    context.fillText(format.format(map.columns[column]?.at ?? 0), box.left, area.top + area.height + 16)
  }
}

function cells(context: CanvasRenderingContext2D, { map, area }: Spec, colour: Colour): void {
  const most = mostCalls(map.cells)
  const [low, high] = [colour('--v-heat-low'), colour('--v-heat-high')]
  for (const cell of map.cells) {
    const box = boxOf(map, area, cell)
    const filling = map.filling_from !== null && (map.columns[cell.column]?.at ?? 0) >= map.filling_from
    context.globalAlpha = filling ? 0.5 : 1
    context.fillStyle = mixed(low, high, shadeOf(cell.calls, most))
    // A hair apart where there is room, so that neighbours of one shade are still two.
    const gap = box.width > 5 ? 0.75 : 0
    context.fillRect(box.left, box.top, box.width - gap, box.height - (box.height > 5 ? 0.75 : 0))
  }
  context.globalAlpha = 1
}

function line(context: CanvasRenderingContext2D, { map, area }: Spec, of: (column: ResponseTimes['columns'][number]) => number | null, stroke: string, dash: number[]): void {
  context.save()
  context.strokeStyle = stroke
  context.lineWidth = 1.5
  context.setLineDash(dash)
  context.beginPath()
  let drawing = false
  map.columns.forEach((column, i) => {
    const ms = of(column)
    if (ms === null) {
      drawing = false
      return
    }
    const x = area.left + ((i + 0.5) / map.columns.length) * area.width
    const y = area.top + (1 - heightOf(map, ms)) * area.height
    if (drawing) context.lineTo(x, y)
    else context.moveTo(x, y)
    drawing = true
  })
  context.stroke()
  context.restore()
}
