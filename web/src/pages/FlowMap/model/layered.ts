// A whole map anew, in columns from left to right. Up to 25 linked nodes dagre decides everything. Above that the
// longest path makes a dense map all columns, so columns are the least number of calls from where transactions enter,
// what calls nothing stands last, and long columns are broken so that the map is about twice as wide as high.
import { Graph, layout as dagre } from '@dagrejs/dagre'
import { COLUMN, NODE_HEIGHT, NODE_WIDTH, RANK_GAP, ROW, ROW_GAP, type Link, type Placeable } from './measures'
import type { Point } from './view'

const DAGRE_UP_TO = 25
/** A small map is wide rather than high: rows far apart cost nothing and keep edges and their texts apart. */
const ROOMY_GAP = ROW_GAP * 2
/** Columns are never further apart than so many times as usual. */
const MOST_APART = 3
const LOOSE_GAP = 40
const SWEEPS = 8

type Rank = (id: string) => number

export function layered(nodes: readonly Placeable[], edges: readonly Link[]): Map<string, Point> {
  const ids = nodes.map((n) => n.id).sort(byName)
  const known = new Set(ids)
  const links = edges.filter((e) => e.from !== e.to && known.has(e.from) && known.has(e.to)).sort((a, b) => byName(a.from, b.from) || byName(a.to, b.to))
  const linked = new Set(links.flatMap((e) => [e.from, e.to]))
  const inside = ids.filter((id) => linked.has(id))
  const places = linked.size <= DAGRE_UP_TO ? byDagre(inside, links) : byColumns(inside, links)
  placeLoose(ids.filter((id) => !linked.has(id)), places)
  return places
}

const byName = (a: string, b: string) => a.localeCompare(b, 'en', { numeric: true })

function byDagre(ids: readonly string[], links: readonly Link[]): Map<string, Point> {
  const graph = new Graph()
  graph.setGraph({ rankdir: 'LR', nodesep: ROOMY_GAP, ranksep: RANK_GAP })
  graph.setDefaultEdgeLabel(() => ({}))
  for (const id of ids) graph.setNode(id, { width: NODE_WIDTH, height: NODE_HEIGHT })
  for (const { from, to } of links) graph.setEdge(from, to)
  dagre(graph)
  const middles = ids.map((id) => ({ id, x: 0, y: 0, ...(graph.node(id) as Partial<Point>) }))
  const [left, wider] = [Math.min(...middles.map((m) => m.x)), widening(middles)]
  return new Map(middles.map(({ id, x, y }) => [id, { x: Math.round(left + (x - left) * wider - NODE_WIDTH / 2), y: Math.round(y - NODE_HEIGHT / 2) }]))
}

/** By how much columns are drawn apart where the map is higher than wide: that makes nothing smaller, and the calls of one to many do not lie on one another. */
function widening(points: readonly Point[]): number {
  const extent = (values: number[]) => Math.max(...values) - Math.min(...values)
  const width = extent(points.map((p) => p.x))
  return width > 0 ? Math.min(MOST_APART, Math.max(1, extent(points.map((p) => p.y)) / width)) : 1
}

function byColumns(ids: readonly string[], links: readonly Link[]): Map<string, Point> {
  const most = Math.max(6, Math.round(Math.sqrt(ids.length * 2.2)))
  const places = new Map<string, Point>()
  let x = 0
  for (const column of ordered(columnsOf(ids, rankOf(ids, links)), links)) {
    for (const part of evenParts(column, most)) {
      part.forEach((id, i) => places.set(id, { x, y: Math.round((i - (part.length - 1) / 2) * ROW) }))
      x += COLUMN
    }
  }
  return places
}

function columnsOf(ids: readonly string[], rank: Rank): string[][] {
  const columns = new Map<number, string[]>()
  for (const id of ids) columns.set(rank(id), [...(columns.get(rank(id)) ?? []), id])
  return [...columns].sort(([a], [b]) => a - b).map(([, column]) => column)
}

/** Each column by the mean place of its members' neighbours, swept to and fro: fewer crossings. */
function ordered(columns: string[][], links: readonly Link[]): string[][] {
  const beside = new Map<string, string[]>()
  for (const { from, to } of links) {
    beside.set(from, [...(beside.get(from) ?? []), to])
    beside.set(to, [...(beside.get(to) ?? []), from])
  }
  const place = new Map<string, number>()
  const settle = (column: string[]) => column.forEach((id, i) => place.set(id, (i + 0.5) / column.length))
  const wish = (id: string) => {
    const near = (beside.get(id) ?? []).map((n) => place.get(n) ?? 0.5)
    return near.reduce((a, b) => a + b, 0) / Math.max(1, near.length)
  }
  columns.forEach(settle)
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    for (const column of sweep % 2 ? columns.toReversed() : columns) {
      const wishes = new Map(column.map((id) => [id, wish(id)]))
      column.sort((a, b) => (wishes.get(a) ?? 0) - (wishes.get(b) ?? 0) || byName(a, b))
      settle(column)
    }
  }
  return columns
}

/** A list in as few parts as hold at most `most` each, all about as long. */
function evenParts<T>(list: readonly T[], most: number): T[][] {
  const size = Math.ceil(list.length / Math.ceil(list.length / most))
  return Array.from({ length: Math.ceil(list.length / size) }, (_, i) => list.slice(i * size, (i + 1) * size))
}

/** Calls from the nearest entrance; what calls nothing is in the last column. */
function rankOf(ids: readonly string[], links: readonly Link[]): Rank {
  const called = new Set(links.map((l) => l.to))
  const calls = new Map<string, string[]>()
  for (const { from, to } of links) calls.set(from, [...(calls.get(from) ?? []), to])
  const depth = new Map<string, number>()
  const spread = (queue: string[]) => {
    for (const id of queue) depth.set(id, 0)
    for (const id of queue) {
      for (const next of calls.get(id) ?? []) {
        if (depth.has(next)) continue
        depth.set(next, (depth.get(id) ?? 0) + 1)
        queue.push(next)
      }
    }
  }
  spread(ids.filter((id) => !called.has(id)))
  // What only a cycle reaches begins at its first node.
  for (const id of ids) if (calls.has(id) && !depth.has(id)) spread([id])
  const last = Math.max(...ids.filter((id) => calls.has(id)).map((id) => depth.get(id) ?? 0)) + 1
  return (id) => (calls.has(id) ? (depth.get(id) ?? 0) : last)
}

/** What neither calls nor is called stands in rows below. */
function placeLoose(loose: readonly string[], places: Map<string, Point>): void {
  const all = [...places.values()]
  const left = Math.min(0, ...all.map((p) => p.x))
  const bottom = all.length ? Math.max(...all.map((p) => p.y)) + ROW : 0
  const perRow = Math.max(4, Math.floor(Math.max(0, ...all.map((p) => p.x)) / (NODE_WIDTH + LOOSE_GAP)) + 1)
  loose.forEach((id, i) => places.set(id, { x: left + (i % perRow) * (NODE_WIDTH + LOOSE_GAP), y: bottom + Math.floor(i / perRow) * ROW }))
}
