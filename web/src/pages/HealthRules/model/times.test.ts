import { expect, test } from 'vitest'
import type { RuleChart } from '../types'
import { lastedWord, minutesPerPoint, shadesOf, thinned, worthFrom } from './times'

const MINUTE = 60_000

test('how long something lasted is said in two parts at most', () => {
  expect([0, 12 * MINUTE, 185 * MINUTE, 120 * MINUTE, 52 * 60 * MINUTE].map(lastedWord)).toEqual(['1 min', '12 min', '3 h 5 min', '2 h', '2 d 4 h'])
})

test('minutes at one level are one stretch', () => {
  expect(shadesOf([null, 'WARNING', 'WARNING', 'CRITICAL', null, 'CRITICAL'])).toEqual([
    { level: 'WARNING', from: 1, to: 3 },
    { level: 'CRITICAL', from: 3, to: 4 },
    { level: 'CRITICAL', from: 5, to: 6 },
  ])
})

test('eight days fit on a chart and keep what broke the rule', () => {
  const step = minutesPerPoint(192 * 60)
  expect(step).toBe(8)
  const values = Array.from({ length: 16 }, (_, at) => (at === 11 ? 900 : at === 3 ? null : 10))
  expect(thinned(values, step, false)).toEqual([10, 900])
  expect(thinned(values.map((value) => (value === 900 ? 1 : value)), step, true)).toEqual([10, 1])
  expect(thinned([null, null], 2, false)).toEqual([null])
})

test('a chart begins where there is something to be seen, with a little room before it', () => {
  const blank = Array<number | null>(1440).fill(null)
  const chart = (values: (number | null)[], levels: RuleChart['levels'] = []): RuleChart => ({
    entity: { id: 1, name: 'cart' }, level: 'CRITICAL', from: 0, levels, conditions: [{ short_name: 'A', values, compared: blank, thresholds: blank.map(() => 500) }],
  })
  const since = (first: number) => blank.map((_, at) => (at < first ? null : 7))
  expect(worthFrom(chart(since(1380)))).toBe(1377)
  expect(worthFrom(chart(since(0)))).toBe(0)
  expect(worthFrom(chart(since(10)))).toBe(0)
  expect(worthFrom(chart(blank))).toBe(0)
  // Two minutes are not drawn as wide as the page.
  expect(worthFrom(chart(since(1438)))).toBe(1410)
  // Nothing may be hidden that was violated, or that a violation points at.
  const levels = blank.map((_, at): 'CRITICAL' | null => (at === 720 ? 'CRITICAL' : null))
  expect(worthFrom(chart(since(1380), levels))).toBe(684)
  expect(worthFrom(chart(since(1380)), 1260 * MINUTE)).toBe(1251)
})
