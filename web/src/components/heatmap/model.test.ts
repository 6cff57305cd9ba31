import { describe, expect, it } from 'vitest'
import type { ResponseTimes } from '../../api/types'
import { areaOf, boxOf, factsOf, heightOf, mixed, momentsOf, placeAt, shadeOf, ticksOf } from './model'

const none = { p50_ms: null, p95_ms: null, p99_ms: null }
function map(columns: number, bounds: number[], cells: ResponseTimes['cells'] = []): ResponseTimes {
  return { minutes_per_column: 2, columns: Array.from({ length: columns }, (_, i) => ({ at: i * 120_000, calls: 0, ...none })), bounds_ms: bounds, cells, percentiles: { ...none, p75_ms: null, p90_ms: null }, filling_from: null, partial: null }
}

describe('heat map', () => {
  const drawn = map(60, [1, 2, 4, 8, 16])
  const area = areaOf(900, 230)

  it('finds the cell under a point again where it was drawn', () => {
    for (const place of [{ column: 0, row: 0 }, { column: 59, row: 3 }, { column: 17, row: 2 }]) {
      const box = boxOf(drawn, area, place)
      expect(placeAt(drawn, area, box.left + box.width / 2, box.top + box.height / 2)).toEqual(place)
    }
    expect(placeAt(drawn, area, area.left - 1, area.top + 5)).toBeNull()
    expect(placeAt(drawn, area, area.left + 5, area.top + area.height + 1)).toBeNull()
  })

  it('slow is up, in equal steps of the logarithm', () => {
    expect(boxOf(drawn, area, { column: 0, row: 3 }).top).toBeLessThan(boxOf(drawn, area, { column: 0, row: 0 }).top)
    expect(heightOf(drawn, 4)).toBeCloseTo(0.5)
    expect([heightOf(drawn, 0.1), heightOf(drawn, 99)]).toEqual([0, 1])
  })

  it('a single call is lighter than many and still seen', () => {
    expect([shadeOf(1, 1000), shadeOf(1000, 1000), shadeOf(1, 1)]).toEqual([0, 1, 1])
    expect(shadeOf(30, 1000)).toBeCloseTo(0.49, 1)
  })

  it('labels are round and do not touch', () => {
    expect(ticksOf(map(1, [0.9, 30, 1100]), 230)).toEqual([1, 2, 5, 10, 20, 50, 100, 200, 500, 1000])
    expect(ticksOf(map(1, [0.9, 30, 1100]), 60)).toEqual([1, 10, 100, 1000])
    expect(ticksOf(map(1, [19.9, 20.7]), 230)).toEqual([19.9, 20.7])
    expect(ticksOf(map(1, []), 230)).toEqual([])
    const moments = momentsOf(drawn, 828)
    expect(moments.slice(0, 2)).toEqual([0, 7])
    expect(moments.length).toBeLessThan(11)
  })

  it('a cell tells the time and the response times it is of', () => {
    const cell = { column: 3, row: 1, calls: 9 }
    expect(factsOf(drawn, cell)).toEqual({ ...cell, from: 360_000, to: 480_000, minMs: 2, maxMs: 4 })
  })

  it('colours mix', () => {
    expect([mixed('#000000', '#ff8000', 0), mixed('#000000', '#ff8000', 0.5)]).toEqual(['rgb(0 0 0)', 'rgb(128 64 0)'])
  })
})
