// Which edges carry text, and where on their curve it stands so that it covers neither a node nor another text.
import { curveOf, pointAt } from './edgePath'
import { NODE_HEIGHT, NODE_WIDTH } from './measures'
import type { MapEdge, Point } from './view'

export const LABELLED_EDGES = 20
export const LABEL_WIDTH = 96
export const LABEL_HEIGHT = 48
const SIGN = 18
/** A node's text covered is worse than an edge's. */
const NODE_WORTH = 3
const TRIES = [0.5, 0.42, 0.58, 0.34, 0.66, 0.27, 0.73, 0.2, 0.8]

interface Box {
  x: number
  y: number
  width: number
  height: number
}

export function busiest(edges: readonly MapEdge[], n = LABELLED_EDGES): MapEdge[] {
  return [...edges].sort((a, b) => b.figures.calls - a.figures.calls || a.id.localeCompare(b.id)).slice(0, n)
}

export function ends(edge: MapEdge, places: ReadonlyMap<string, Point>): [Point, Point] | null {
  const from = places.get(edge.from)
  const to = places.get(edge.to)
  return from && to ? [{ x: from.x + NODE_WIDTH, y: from.y + NODE_HEIGHT / 2 }, { x: to.x, y: to.y + NODE_HEIGHT / 2 }] : null
}

const overlap = (a: Box, b: Box) => Math.max(0, Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x)) * Math.max(0, Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y))

/**
 * Edge id → position on the curve, 0 at the caller and 1 at the called; for the texts of some edges and the bare signs
 * of others. What would be covered by more than a quarter is left out: the text is for hovering then, and a sign on a
 * node would be taken for the node's.
 */
export function labelPositions(texts: readonly MapEdge[], places: ReadonlyMap<string, Point>, signs: readonly MapEdge[] = []): Map<string, number> {
  const nodes: Box[] = [...places.values()].map((p) => ({ ...p, width: NODE_WIDTH, height: NODE_HEIGHT }))
  const taken: Box[] = []
  const result = new Map<string, number>()
  const put = (edge: MapEdge, width: number, height: number) => {
    const points = ends(edge, places)
    if (!points || edge.from === edge.to) return
    const curve = curveOf(...points)
    const candidates = TRIES.map((t) => {
      const p = pointAt(curve, t)
      const box = { x: p.x - width / 2, y: p.y - height / 2, width, height }
      return { t, box, covered: taken.reduce((sum, other) => sum + overlap(box, other), 0) + NODE_WORTH * nodes.reduce((sum, node) => sum + overlap(box, node), 0) }
    })
    const best = candidates.reduce((x, y) => (y.covered < x.covered ? y : x))
    if (best.covered > (width * height) / 4) return
    taken.push(best.box)
    result.set(edge.id, best.t)
  }
  for (const edge of texts) put(edge, LABEL_WIDTH, LABEL_HEIGHT)
  for (const edge of signs) put(edge, SIGN, SIGN)
  return result
}

/** Stroke width by load, on a logarithmic scale relative to the busiest edge. */
export function weightOf(callsPerMinute: number, busiestPerMinute: number): number {
  if (busiestPerMinute <= 0) return 1.25
  return Math.round((1.25 + 4.25 * (Math.log1p(callsPerMinute) / Math.log1p(busiestPerMinute))) * 100) / 100
}
