// Where things stand. What has a place keeps it, always; only what has none is placed: all of it by layers
// (layered.ts) when the map is new, otherwise each beside what it calls or is called by, in the nearest free spot. Pure.
import { layered } from './layered'
import { COLUMN, NODE_HEIGHT, NODE_WIDTH, ROW, ROW_GAP, type Link, type Placeable } from './measures'
import type { Point } from './view'

export function placed(nodes: readonly Placeable[], edges: readonly Link[]): Map<string, Point> {
  const known = new Map<string, Point>()
  for (const node of nodes) if (node.at) known.set(node.id, node.at)
  const missing = nodes.filter((n) => !n.at)
  if (missing.length === 0) return known
  if (known.size === 0 && missing.every((n) => !n.near)) return layered(nodes, edges)
  const occupied = new Occupied(known.values())
  const around = new Around(edges)
  for (const node of inCallOrder(missing, edges, known)) {
    const spot = occupied.nearest(wish(node, around, known))
    occupied.add(spot)
    known.set(node.id, spot)
  }
  return known
}

/** Those beside something placed first, so that the others find neighbours; by id among equals. */
function inCallOrder(missing: readonly Placeable[], edges: readonly Link[], known: ReadonlyMap<string, Point>): Placeable[] {
  const left = new Map([...missing].sort((a, b) => a.id.localeCompare(b.id, 'en', { numeric: true })).map((n) => [n.id, n]))
  const beside = new Map<string, string[]>()
  for (const { from, to } of edges) {
    beside.set(from, [...(beside.get(from) ?? []), to])
    beside.set(to, [...(beside.get(to) ?? []), from])
  }
  const order: Placeable[] = []
  const spread = (from: string[]) => {
    for (const id of from) {
      for (const next of beside.get(id) ?? []) {
        const node = left.get(next)
        if (!node) continue
        left.delete(next)
        order.push(node)
        from.push(next)
      }
    }
  }
  spread([...known.keys()])
  for (const [id, node] of left) {
    left.delete(id)
    order.push(node)
    spread([id])
  }
  return order
}

/** Who calls whom, looked up by either. */
class Around {
  private readonly byCalled = new Map<string, string[]>()
  private readonly byCaller = new Map<string, string[]>()

  constructor(edges: readonly Link[]) {
    const put = (to: Map<string, string[]>, key: string, value: string) => {
      const list = to.get(key)
      if (list) list.push(value)
      else to.set(key, [value])
    }
    for (const { from, to } of edges) {
      if (from === to) continue
      put(this.byCalled, to, from)
      put(this.byCaller, from, to)
    }
  }

  callersOf = (id: string) => this.byCalled.get(id) ?? []
  calledBy = (id: string) => this.byCaller.get(id) ?? []
}

/** A column right of its callers, else left of what it calls, else where its group stood, else below everything. */
function wish(node: Placeable, around: Around, known: ReadonlyMap<string, Point>): Point {
  if (node.near) return node.near
  const at = (ids: string[]) => ids.map((id) => known.get(id)).filter((p) => p !== undefined)
  const callers = at(around.callersOf(node.id))
  if (callers.length) return { x: Math.max(...callers.map((p) => p.x)) + COLUMN, y: mean(callers.map((p) => p.y)) }
  const called = at(around.calledBy(node.id))
  if (called.length) return { x: Math.min(...called.map((p) => p.x)) - COLUMN, y: mean(called.map((p) => p.y)) }
  const all = [...known.values()]
  return { x: Math.min(...all.map((p) => p.x)), y: Math.max(...all.map((p) => p.y)) + ROW }
}

const mean = (values: number[]) => Math.round(values.reduce((a, b) => a + b, 0) / values.length)

/** Steps from the wished place, nearest first: down and up before sideways, to the right before to the left. */
const STEPS: Point[] = Array.from({ length: 33 }, (_, i) => i - 8)
  .flatMap((column) => Array.from({ length: 49 }, (_, j) => ({ column, row: j - 24 })))
  .map(({ column, row }) => ({ x: column * (NODE_WIDTH + 44), y: row * (NODE_HEIGHT + ROW_GAP / 2), cost: (column < 0 ? -1.7 * column : 1.4 * column) + Math.abs(row) * 0.7 + (row < 0 ? 0.1 : 0) }))
  .sort((a, b) => a.cost - b.cost)

/** Where something stands, in cells of one node and its margin, so that a look around is nine cells. */
class Occupied {
  static readonly width = NODE_WIDTH + 24
  static readonly height = NODE_HEIGHT + 16
  private readonly cells = new Map<number, Point[]>()
  /** Of each place that was wished for, how many steps away all is taken: nothing becomes free again, and a group's members wish for one place. */
  private readonly taken = new Map<string, number>()
  private bottom = 0

  constructor(points: Iterable<Point>) {
    for (const point of points) this.add(point)
  }

  add(point: Point): void {
    const key = cell(Math.floor(point.x / Occupied.width), Math.floor(point.y / Occupied.height))
    const there = this.cells.get(key)
    if (there) there.push(point)
    else this.cells.set(key, [point])
    this.bottom = Math.max(this.bottom, point.y)
  }

  /** The wished place or the nearest one where nothing would be covered; when all around is taken, rows below everything. */
  nearest(wished: Point): Point {
    const key = `${wished.x}:${wished.y}`
    for (let i = this.taken.get(key) ?? 0; i < STEPS.length; i++) {
      this.taken.set(key, i)
      const step = STEPS[i] ?? ORIGIN
      const spot = { x: wished.x + step.x, y: wished.y + step.y }
      if (this.isFree(spot)) return spot
    }
    for (let column = 0; column < 24; column++) {
      const spot = { x: wished.x + column * (NODE_WIDTH + 44), y: this.bottom }
      if (this.isFree(spot)) return spot
    }
    return { x: wished.x, y: this.bottom + ROW }
  }

  private isFree(point: Point): boolean {
    const column = Math.floor(point.x / Occupied.width)
    const row = Math.floor(point.y / Occupied.height)
    const close = (p: Point) => Math.abs(p.x - point.x) < Occupied.width && Math.abs(p.y - point.y) < Occupied.height
    for (let i = column - 1; i <= column + 1; i++) {
      for (let j = row - 1; j <= row + 1; j++) if (this.cells.get(cell(i, j))?.some(close)) return false
    }
    return true
  }
}

const ORIGIN: Point = { x: 0, y: 0 }

/** One number for a cell: cheaper to look up than a text, and a map is nowhere near as high. */
const cell = (column: number, row: number) => column * 1_000_003 + row
