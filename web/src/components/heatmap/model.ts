// What a heat map draws where: pure, in CSS pixels.
import type { ResponseTimes } from '../../api/types'

export interface Area {
  left: number
  top: number
  width: number
  height: number
}

/** Room for the labels of response times, and of moments. */
export const MARGIN = { left: 62, right: 10, top: 6, bottom: 22 }

export function areaOf(width: number, height: number): Area {
  return { left: MARGIN.left, top: MARGIN.top, width: Math.max(1, width - MARGIN.left - MARGIN.right), height: Math.max(1, height - MARGIN.top - MARGIN.bottom) }
}

export interface Place {
  column: number
  row: number
}

type Cell = ResponseTimes['cells'][number]

/** Where a cell lies; the first row is at the bottom. */
export function boxOf(map: ResponseTimes, area: Area, { column, row }: Place): Area {
  const rows = map.bounds_ms.length - 1
  const width = area.width / map.columns.length
  const height = area.height / rows
  return { left: area.left + column * width, top: area.top + (rows - 1 - row) * height, width, height }
}

/** The cell under a point, whether it has calls or not. */
export function placeAt(map: ResponseTimes, area: Area, x: number, y: number): Place | null {
  const rows = map.bounds_ms.length - 1
  const column = Math.floor(((x - area.left) / area.width) * map.columns.length)
  const row = rows - 1 - Math.floor(((y - area.top) / area.height) * rows)
  const inside = column >= 0 && column < map.columns.length && row >= 0 && row < rows
  return inside ? { column, row } : null
}

/** How high a response time stands, as a share of the height from the bottom; rows are equal steps of its logarithm. */
export function heightOf(map: ResponseTimes, ms: number): number {
  const [low, high] = [map.bounds_ms[0] ?? 1, map.bounds_ms.at(-1) ?? 1]
  return Math.min(1, Math.max(0, Math.log(ms / low) / Math.log(high / low)))
}

/** How dark a cell is, 0 to 1: by the logarithm of its calls, so that a single slow call is still seen beside thousands. */
export function shadeOf(calls: number, most: number): number {
  return most <= 1 ? 1 : Math.log(Math.max(1, calls)) / Math.log(most)
}

export const mostCalls = (cells: readonly Cell[]) => cells.reduce((most, cell) => Math.max(most, cell.calls), 0)

/** Round response times to write beside the rows: 1, 2, 5, 10 and so on, or only powers of ten where there is no room. */
export function ticksOf(map: ResponseTimes, height: number, least = 18): number[] {
  const [low, high] = [map.bounds_ms[0], map.bounds_ms.at(-1)]
  if (low === undefined || high === undefined) return []
  for (const steps of [[1, 2, 5], [1, 3], [1]]) {
    const ticks: number[] = []
    for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) {
      for (const step of steps) {
        const tick = step * 10 ** power
        if (tick >= low && tick <= high) ticks.push(tick)
      }
    }
    const apart = ticks.slice(1).map((tick, i) => (heightOf(map, tick) - heightOf(map, ticks[i] ?? tick)) * height)
    // A narrow spread may have no round number in it: its bounds say as much.
    if (ticks.length < 2) return steps.length === 3 ? [low, high] : ticks
    if (apart.every((distance) => distance >= least)) return ticks
  }
  return [low, high]
}

/** Columns to write the moment below: so many that labels do not touch. */
export function momentsOf(map: ResponseTimes, width: number, least = 84): number[] {
  const step = Math.max(1, Math.ceil((least * map.columns.length) / width))
  return map.columns.map((_, i) => i).filter((i) => i % step === 0 && (map.columns.length - i) * (width / map.columns.length) > least / 2)
}

export interface CellFacts extends Cell {
  from: number
  to: number
  /** Above this, */
  minMs: number
  /** and up to this. */
  maxMs: number
}

export function factsOf(map: ResponseTimes, cell: Cell): CellFacts {
  const at = map.columns[cell.column]?.at ?? 0
  return { ...cell, from: at, to: at + map.minutes_per_column * 60_000, minMs: map.bounds_ms[cell.row] ?? 0, maxMs: map.bounds_ms[cell.row + 1] ?? 0 }
}

/** `low` mixed with `high`, as `#rrggbb` both. */
export function mixed(low: string, high: string, share: number): string {
  const parts = (colour: string) => [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16))
  const to = parts(high)
  return `rgb(${parts(low).map((from, i) => Math.round(from + ((to[i] ?? from) - from) * share)).join(' ')})`
}

/** What to add to a page's address to list the traces of a cell. Durations are known to the microsecond. */
export function tracesOf(cell: CellFacts): Record<string, string | number> {
  const [min, max] = [Math.floor(cell.minMs * 1000) / 1000, Math.ceil(cell.maxMs * 1000) / 1000]
  return { from: cell.from, to: cell.to, tab: 'snapshots', traces: 'all', min, max }
}
