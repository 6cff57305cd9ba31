import { describe, expect, it } from 'vitest'
import { curveOf, pointAt } from './edgePath'
import { viewOf } from './grouping'
import { busiest, ends, LABEL_HEIGHT, LABEL_WIDTH, labelPositions, LABELLED_EDGES, weightOf } from './labels'
import { placed } from './layout'
import { call, entity, mapOf } from './testMap'
import type { Point } from './view'

const fan = viewOf(mapOf([entity(1, 'hub'), ...Array.from({ length: 30 }, (_, i) => entity(i + 2, `t${i}`))], Array.from({ length: 30 }, (_, i) => call(1, i + 2, 100 + i))), new Set())

describe('edge text', () => {
  it('is for the 20 busiest', () => {
    const chosen = busiest(fan.edges)
    expect(chosen).toHaveLength(LABELLED_EDGES)
    expect(Math.min(...chosen.map((e) => e.figures.calls))).toBe(110)
  })

  it('covers neither a node nor another text by more than a quarter, even where edges cross', () => {
    const view = viewOf(mapOf([1, 2, 3, 4].map((id) => entity(id, `t${id}`)), [1, 2].flatMap((from) => [3, 4].map((to) => call(from, to, from * to)))), new Set())
    const places = placed(view.nodes, view.edges)
    const centres = [...labelPositions(view.edges, places)].map(([id, t]) => {
      const edge = view.edges.find((e) => e.id === id)
      const points = edge && ends(edge, places)
      if (!points) throw new Error(`no edge ${id}`)
      return pointAt(curveOf(...points), t)
    })
    const covered = (a: Point, b: Point) => Math.max(0, LABEL_WIDTH - Math.abs(a.x - b.x)) * Math.max(0, LABEL_HEIGHT - Math.abs(a.y - b.y))
    centres.forEach((a, i) => {
      for (const b of centres.slice(i + 1)) expect(covered(a, b)).toBeLessThanOrEqual((LABEL_WIDTH * LABEL_HEIGHT) / 4)
    })
    expect(centres.length).toBeGreaterThanOrEqual(3)
  })

  it('a bare sign never stands on a node', () => {
    const view = viewOf(mapOf([1, 2, 3].map((id) => entity(id, `t${id}`, { x: (id - 1) * 180, y: 0 })), [call(1, 3)]), new Set())
    const places = placed(view.nodes, view.edges)
    expect(labelPositions([], places, view.edges).size).toBe(0)
  })

  it('grows in weight with load and has a least weight', () => {
    expect(weightOf(0, 1000)).toBe(1.25)
    expect(weightOf(1000, 1000)).toBe(5.5)
    expect(weightOf(30, 1000)).toBeGreaterThan(weightOf(3, 1000))
    expect(weightOf(0, 0)).toBe(1.25)
  })

  it('a curve begins and ends where it should', () => {
    const curve = curveOf({ x: 0, y: 0 }, { x: 200, y: 80 })
    expect(pointAt(curve, 0)).toEqual({ x: 0, y: 0 })
    expect(pointAt(curve, 1)).toEqual({ x: 200, y: 80 })
  })
})
