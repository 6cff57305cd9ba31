import { describe, expect, it } from 'vitest'
import type { RawPoint, RawSeries, SampledSeries } from '../../../api/types'
import { choiceOf, keyOf, partsOf, rawSelection, unitOf } from './raw'

const series = (id: string, more: Partial<SampledSeries> = {}): SampledSeries => ({
  id, name: 'm', unit: 'By', instrument: 'GAUGE', delta: false, scope: '', application: { id: 1, name: 'a' }, tier: { id: 2, name: 'web' }, node: { id: 3, name: 'web-1' }, attributes: {}, ...more,
})
const point = (at: number, value: number | null, more: Partial<RawPoint> = {}): RawPoint => ({ at, samples: 1, value, min: value, max: value, per_second: null, came: null, ...more })
const ONE = '0000000000000001'
const TWO = '0000000000000002'
const raw = (...items: [SampledSeries, RawPoint[]][]): RawSeries => ({ items: items.map(([s, points]) => ({ series: s, points })), step_ms: null, partial: null })

describe('raw series', () => {
  it('are drawn at the pace of the slowest, each slot with the sample nearest to it', () => {
    const fast = [0, 10, 20, 31, 40, 50].map((s) => point(s * 1000, s))
    const slow = [point(1_000, 7), point(31_000, 8)]
    const found = rawSelection([{ id: ONE, part: 'value' }, { id: TWO, part: 'value' }], raw([series(ONE), fast], [series(TWO), slow]), { from: 0, to: 60_000 })
    expect(found.grid.at).toEqual([0, 30])
    expect(found.series.map((s) => s.points.map((p) => p?.value))).toEqual([[0, 31], [7, 8]])
    expect(found.series[0]?.points[1]?.at).toBe(31_000)
  })

  it('where nothing was sent there is a gap', () => {
    const points = [0, 10, 20, 50].map((s) => point(s * 1000, s))
    const [drawn] = rawSelection([{ id: ONE, part: 'value' }], raw([series(ONE), points]), { from: 0, to: 60_000 }).series
    expect(drawn?.points.map((p) => p?.value ?? null)).toEqual([0, 10, 20, null, null, 50])
  })

  it('a histogram is drawn by its percentiles, each a line of its own in one unit', () => {
    const came = { count: 3, mean: 2, p50: 1, p90: 4, p95: 5, p99: 6 }
    const histogram = series(ONE, { instrument: 'HISTOGRAM', unit: 's' })
    const found = rawSelection([{ id: ONE, part: 'p95' }, { id: ONE, part: 'p50' }, { id: ONE, part: 'rate' }], raw([histogram, [point(0, null, { came, per_second: 0.3 })]]), { from: 0, to: 60_000 })
    expect(found.series.map((s) => [s.unit, s.points[0]?.value])).toEqual([['s', 5], ['s', 1], ['1/s', 0.3]])
    expect(found.series[0]?.label).toBe('web › web-1 › p95 of m')
  })

  it('have parts by their kind, and units without what is counted', () => {
    expect(partsOf(series(ONE))).toEqual(['value'])
    expect(partsOf(series(ONE, { instrument: 'COUNTER' }))[0]).toBe('rate')
    expect(unitOf(series(ONE, { unit: '{request}', instrument: 'COUNTER' }), 'rate')).toBe('1/s')
    expect(unitOf(series(ONE, { unit: 'By' }), 'rate')).toBe('By/s')
  })

  it('stand in the address by id and part; anything else is nothing', () => {
    expect(choiceOf(`${ONE}:p95`)).toEqual({ id: ONE, part: 'p95' })
    expect(choiceOf(ONE)).toEqual({ id: ONE, part: 'value' })
    expect(keyOf({ id: ONE, part: 'rate' })).toBe(`${ONE}:rate`)
    for (const wrong of ['x', `${ONE}:p12`, 'm|n']) expect(choiceOf(wrong)).toBeNull()
  })
})
