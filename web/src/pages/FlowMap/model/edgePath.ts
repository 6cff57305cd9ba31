// The curve of an edge: from the right side of the caller to the left side of the called. Pure geometry.
import type { Point } from './view'

export interface Curve {
  start: Point
  c1: Point
  c2: Point
  end: Point
}

export function curveOf(start: Point, end: Point): Curve {
  const dx = end.x - start.x
  if (dx >= 30) {
    const reach = Math.max(30, dx * 0.45)
    return { start, c1: { x: start.x + reach, y: start.y }, c2: { x: end.x - reach, y: end.y }, end }
  }
  // Against the reading direction: leave to the right, come back to the left, bent away from the straight line between.
  const reach = 110 + Math.min(160, Math.abs(dx) * 0.25)
  const bend = Math.abs(end.y - start.y) < 60 ? 120 : 0
  return { start, c1: { x: start.x + reach, y: start.y + bend }, c2: { x: end.x - reach, y: end.y + bend }, end }
}

/** A call to itself: over the top of the node. */
export function loopOf(start: Point, end: Point, height: number): Curve {
  return { start, c1: { x: start.x + 60, y: start.y - height * 1.6 }, c2: { x: end.x - 60, y: end.y - height * 1.6 }, end }
}

export function svgPath({ start, c1, c2, end }: Curve): string {
  return `M${start.x} ${start.y}C${c1.x} ${c1.y} ${c2.x} ${c2.y} ${end.x} ${end.y}`
}

export function pointAt({ start, c1, c2, end }: Curve, t: number): Point {
  const u = 1 - t
  const mix = (a: number, b: number, c: number, d: number) => u * u * u * a + 3 * u * u * t * b + 3 * u * t * t * c + t * t * t * d
  return { x: mix(start.x, c1.x, c2.x, end.x), y: mix(start.y, c1.y, c2.y, end.y) }
}
