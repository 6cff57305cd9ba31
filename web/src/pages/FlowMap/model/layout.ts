// Where things stand. What has a place keeps it, always; only what has none is placed: all of it by layers (dagre)
// when the map is new, otherwise each beside what it calls or is called by, in the nearest free spot. Pure.
import { Graph, layout as dagre } from '@dagrejs/dagre'
import type { Point } from './view'

export const NODE_WIDTH = 178
export const NODE_HEIGHT = 72
const RANK_GAP = 118
const ROW_GAP = 30
const COLUMN = NODE_WIDTH + RANK_GAP
const ROW = NODE_HEIGHT + ROW_GAP
/** Network simplex is the nicest ranking and too slow for very large maps. */
const SIMPLEX_BELOW = 250
/** Above it, columns are the least number of calls from where transactions enter: as longest path a dense map is all columns. */
const LONGEST_PATH_UP_TO = 25

export interface Placeable {
  id: string
  at: Point | null
  /** Where it would like to be when it has no place: beside its former group. */
  near?: Point | null
}

export interface Link {
  from: string
  to: string
}

export function placed(nodes: readonly Placeable[], edges: readonly Link[]): Map<string, Point> {
  const known = new Map<string, Point>()
  for (const node of nodes) if (node.at) known.set(node.id, node.at)
  const missing = nodes.filter((n) => !n.at)
  if (missing.length === 0) return known
  if (known.size === 0 && missing.every((n) => !n.near)) return layered(nodes, edges)
  const occupied = new Occupied(known.values())
  for (const node of inCallOrder(missing, edges, known)) {
    const spot = freeSpot(wish(node, edges, known), occupied)
    occupied.add(spot)
    known.set(node.id, spot)
  }
  return known
}

/** Everything anew, in layers from left to right; what neither calls nor is called stands in rows below. */
export function layered(nodes: readonly Placeable[], edges: readonly Link[]): Map<string, Point> {
  const ids = new Set(nodes.map((n) => n.id))
  const links = edges.filter((e) => e.from !== e.to && ids.has(e.from) && ids.has(e.to))
  const linked = new Set(links.flatMap((e) => [e.from, e.to]))
  const graph = new Graph()
  graph.setGraph({ rankdir: 'LR', nodesep: ROW_GAP, ranksep: RANK_GAP, ranker: nodes.length < SIMPLEX_BELOW ? 'network-simplex' : 'longest-path' })
  graph.setDefaultEdgeLabel(() => ({}))
  const ordered = [...nodes].sort((a, b) => a.id.localeCompare(b.id, 'en', { numeric: true }))
  for (const node of ordered) if (linked.has(node.id)) graph.setNode(node.id, { width: NODE_WIDTH, height: NODE_HEIGHT })
  const ranked = linked.size > LONGEST_PATH_UP_TO ? advancing(ordered, links) : links
  for (const link of [...ranked].sort((a, b) => `${a.from}|${a.to}`.localeCompare(`${b.from}|${b.to}`, 'en', { numeric: true }))) graph.setEdge(link.from, link.to)
  dagre(graph)
  const result = new Map<string, Point>()
  for (const id of graph.nodes()) {
    const { x = 0, y = 0 } = graph.node(id) as Partial<Point>
    result.set(id, { x: Math.round(x - NODE_WIDTH / 2), y: Math.round(y - NODE_HEIGHT / 2) })
  }
  placeLoose(ordered.filter((n) => !linked.has(n.id)), result)
  return result
}

/** Of all links those that lead one column on, when every node stands as near to an entrance as it can. */
function advancing(nodes: readonly Placeable[], links: readonly Link[]): Link[] {
  const called = new Set(links.map((l) => l.to))
  const calls = new Map<string, string[]>()
  for (const { from, to } of links) calls.set(from, [...(calls.get(from) ?? []), to])
  const depth = new Map<string, number>()
  const spread = (starts: string[]) => {
    for (const id of starts) depth.set(id, 0)
    for (const id of starts) {
      for (const next of calls.get(id) ?? []) {
        if (depth.has(next)) continue
        depth.set(next, (depth.get(id) ?? 0) + 1)
        starts.push(next)
      }
    }
  }
  spread(nodes.map((n) => n.id).filter((id) => calls.has(id) && !called.has(id)))
  // What only a cycle reaches begins at its first node.
  for (const { id } of nodes) if (calls.has(id) && !depth.has(id)) spread([id])
  return links.filter((l) => depth.get(l.to) === (depth.get(l.from) ?? 0) + 1)
}

function placeLoose(loose: readonly Placeable[], result: Map<string, Point>): void {
  const bottom = Math.max(0, ...[...result.values()].map((p) => p.y + ROW))
  const right = Math.max(0, ...[...result.values()].map((p) => p.x))
  const perRow = Math.max(4, Math.floor(right / (NODE_WIDTH + 40)) + 1)
  loose.forEach((node, i) => result.set(node.id, { x: (i % perRow) * (NODE_WIDTH + 40), y: bottom + Math.floor(i / perRow) * ROW }))
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

/** A column right of its callers, else left of what it calls, else where its group stood, else below everything. */
function wish(node: Placeable, edges: readonly Link[], known: ReadonlyMap<string, Point>): Point {
  if (node.near) return node.near
  const at = (ids: string[]) => ids.map((id) => known.get(id)).filter((p) => p !== undefined)
  const callers = at(edges.filter((e) => e.to === node.id && e.from !== node.id).map((e) => e.from))
  if (callers.length) return { x: Math.max(...callers.map((p) => p.x)) + COLUMN, y: mean(callers.map((p) => p.y)) }
  const called = at(edges.filter((e) => e.from === node.id && e.to !== node.id).map((e) => e.to))
  if (called.length) return { x: Math.min(...called.map((p) => p.x)) - COLUMN, y: mean(called.map((p) => p.y)) }
  const all = [...known.values()]
  return { x: Math.min(...all.map((p) => p.x)), y: Math.max(...all.map((p) => p.y)) + ROW }
}

const mean = (values: number[]) => Math.round(values.reduce((a, b) => a + b, 0) / values.length)

/** The wished place or the nearest below, above, then a column on, where nothing would be covered. */
function freeSpot(wished: Point, occupied: Occupied): Point {
  for (let column = 0; column < 40; column++) {
    for (let row = 0; row < 12; row++) {
      for (const side of row === 0 ? [1] : [1, -1]) {
        const spot = { x: wished.x + column * (NODE_WIDTH + 44), y: wished.y + side * row * (NODE_HEIGHT + ROW_GAP / 2) }
        if (occupied.isFree(spot)) return spot
      }
    }
  }
  return { x: wished.x, y: occupied.bottom + ROW }
}

/** Where something stands, in cells of one node and its margin, so that a look around is nine cells. */
class Occupied {
  static readonly width = NODE_WIDTH + 24
  static readonly height = NODE_HEIGHT + 16
  private readonly cells = new Map<string, Point[]>()
  bottom = 0

  constructor(points: Iterable<Point>) {
    for (const point of points) this.add(point)
  }

  add(point: Point): void {
    const key = `${Math.floor(point.x / Occupied.width)}:${Math.floor(point.y / Occupied.height)}`
    this.cells.set(key, [...(this.cells.get(key) ?? []), point])
    this.bottom = Math.max(this.bottom, point.y)
  }

  isFree(point: Point): boolean {
    const column = Math.floor(point.x / Occupied.width)
    const row = Math.floor(point.y / Occupied.height)
    for (let i = column - 1; i <= column + 1; i++) {
      for (let j = row - 1; j <= row + 1; j++) {
        const close = (p: Point) => Math.abs(p.x - point.x) < Occupied.width && Math.abs(p.y - point.y) < Occupied.height
        if (this.cells.get(`${i}:${j}`)?.some(close)) return false
      }
    }
    return true
  }
}
