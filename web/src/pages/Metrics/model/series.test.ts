import { describe, expect, it } from 'vitest'
import type { MetricData, MetricPoint, MetricSeries } from '../../../api/types'
import { csvOf } from './csv'
import { bandOf, labelsOf, percentileOf, selectionOf, statisticsOf } from './series'
import { bytes, shownIn } from '../../../format/units'

const MINUTE = 60_000
const point = (minute: number, value: number, count = 1): MetricPoint => ({ at: minute * MINUTE, value, min: value, max: value, sum: value * count, count })
const metric = (path: string, unit: string, points: MetricPoint[]): MetricSeries => ({ path, unit, points, expected: null })
const data = (items: MetricSeries[], more: Partial<MetricData> = {}): MetricData => ({ items, minutes_per_point: 1, filling_from: null, baseline: null, partial: null, ...more })
const window = { from: 0, to: 3 * MINUTE }

describe('what is drawn', () => {
  it('stands on one grid; nothing reported is a gap and not zero', () => {
    const { grid, series } = selectionOf([data([metric('a', 'ms', [point(0, 5), point(2, 0)])])], [], 0, window)
    expect(grid.at).toEqual([0, 60, 120])
    expect(series[0]?.points.map((p) => p?.value ?? null)).toEqual([5, null, 0])
    expect(series[0]?.earlier).toBe(null)
  })

  it('an earlier range lies under the same slots', () => {
    const before = data([metric('a', 'ms', [point(-60, 1), point(-58, 3)])])
    const { series } = selectionOf([data([metric('a', 'ms', [point(0, 5)])])], [before], 60 * MINUTE, window)
    expect(series[0]?.earlier?.map((p) => p?.value ?? null)).toEqual([1, null, 3])
  })

  it('has two axes; what is in a third unit is said to be left out', () => {
    const one = data([metric('a', 'ms', []), metric('b', '%', []), metric('c', 'By', []), metric('d', 'ms', [])])
    const found = selectionOf([one], [], 0, window)
    expect(found.units).toEqual(['ms', '%'])
    expect(found.unitsLeftOut).toEqual(['By'])
    expect(found.series).toHaveLength(4)
  })

  it('is eight series; more are counted, and one that two paths match is there once', () => {
    const many = data(Array.from({ length: 11 }, (_, i) => metric(`m${i}`, 'ms', [])))
    const found = selectionOf([many, many], [], 0, window)
    expect([found.series.length, found.beyond]).toEqual([8, 3])
  })

  it('marks the slot that fills, and counts it in no statistic', () => {
    const found = selectionOf([data([metric('a', 'ms', [point(0, 1), point(1, 3), point(2, 100)])], { filling_from: 2 * MINUTE })], [], 0, window)
    expect(found.grid.fillingFrom).toBe(120)
    expect(statisticsOf(found.grid, found.series[0]?.points ?? [])).toMatchObject({ min: 1, average: 2, max: 3, last: 3, points: 2 })
  })
})

describe('the band', () => {
  const banded = (path: string, unit: string): MetricSeries => ({ ...metric(path, unit, [point(0, 5)]), expected: [{ at: 0, band: { mean: 4, deviation: 1, minutes: 1740, hours: 29, from: 'season' } }] })
  const whose = (items: MetricSeries[], strong: string | null = null) => bandOf(selectionOf([data(items)], [], 0, window), strong)?.path

  it('is of the only series, on the slots of its hour', () => {
    expect(whose([banded('a', 'ms')])).toBe('a')
    const [series] = selectionOf([data([banded('a', 'ms')])], [], 0, window).series
    expect(series?.expected).toEqual({ mean: [4, 4, 4], deviation: [1, 1, 1] })
  })

  it('is of one at a time: of several, of the one that is pointed at', () => {
    const two = [banded('a', 'ms'), banded('b', 'ms')]
    expect([whose(two), whose(two, 'b')]).toEqual([undefined, 'b'])
  })

  it('is not drawn by the axis of another unit, nor where nothing is expected', () => {
    expect(whose([banded('a', 'ms'), banded('b', '%')], 'b')).toBe(undefined)
    expect(whose([metric('a', 'ms', [])])).toBe(undefined)
  })
})

describe('statistics', () => {
  const grid = selectionOf([data([])], [], 0, window).grid
  it('weigh an average by what is behind it', () => {
    expect(statisticsOf(grid, [point(0, 10, 9), point(1, 20, 1)])?.average).toBe(11)
  })

  it('do not weigh totals, whose sums are not sums of values', () => {
    const total = (minute: number, value: number) => ({ ...point(minute, value), sum: value, count: 10 })
    expect(statisticsOf(grid, [total(0, 4), total(1, 8)])?.average).toBe(6)
  })

  it('are none where nothing was reported', () => {
    expect(statisticsOf(grid, [null, null])).toBe(null)
  })
})

describe('names', () => {
  it('lose what they share in front and keep two segments', () => {
    expect(labelsOf(['A|B|web|Calls'])).toEqual(['web › Calls'])
    expect(labelsOf(['A|B|web|GET /|Calls', 'A|B|web|GET /cart|Calls'])).toEqual(['GET / › Calls', 'GET /cart › Calls'])
    expect(labelsOf(['A|Calls', 'B|x|y'])).toEqual(['A › Calls', 'B › x › y'])
    expect(labelsOf(['All|Calls', 'All|web|Calls', 'All|cart|Calls'])).toEqual(['All › Calls', 'web › Calls', 'cart › Calls'])
    expect(labelsOf(['alone'])).toEqual(['alone'])
    expect(labelsOf([])).toEqual([])
  })

  it('of percentiles are known only where there is one', () => {
    const average = 'Average Response Time (ms)'
    expect(percentileOf(`Overall Application Performance|web|${average}`)).toBe('Overall Application Performance|web|95th Percentile Response Time (ms)')
    expect(percentileOf(`Overall Application Performance|web|External Calls|Call-HTTP to x|${average}`)).toBe(null)
    expect(percentileOf(`Backends|db|${average}`)).toBe(null)
    expect(percentileOf('Overall Application Performance|web|Calls per Minute')).toBe(null)
  })
})

describe('the file', () => {
  it('has ISO times, quotes what needs it, and leaves gaps empty', () => {
    const found = selectionOf([data([metric('a, "b"|Calls', 'per minute', [point(0, 1.5), point(2, 2)])], { filling_from: 2 * MINUTE })], [data([metric('a, "b"|Calls', 'per minute', [point(-60, 7)])])], 60 * MINUTE, window)
    expect(csvOf(found, 'an hour earlier').split('\r\n')).toEqual([
      'time,complete,"a, ""b""|Calls [per minute]","a, ""b""|Calls [per minute], an hour earlier"',
      '1970-01-01T00:00:00.000Z,true,1.5,7',
      '1970-01-01T00:01:00.000Z,true,,',
      '1970-01-01T00:02:00.000Z,false,2,',
      '',
    ])
  })

  it('has no name that a spreadsheet runs', () => {
    expect(csvOf(selectionOf([data([metric('=1+1', '', [])])], [], 0, window), null)).toContain("'=1+1")
  })
})

describe('values', () => {
  it('are shown in their unit', () => {
    expect(bytes(1536)).toBe('1.5 KiB')
    expect(shownIn('By', 3 * 1024 ** 3)).toBe('3 GiB')
    expect(shownIn('per minute', 1234)).toBe('1.23k/min')
    expect(shownIn('ms', 1500)).toBe('1.5 s')
    expect(shownIn('%', 0)).toBe('0 %')
    expect(shownIn('1', 4)).toBe('4')
    expect(shownIn('ms', null)).toBe('–')
  })
})
