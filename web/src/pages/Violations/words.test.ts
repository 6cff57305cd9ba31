import { expect, test } from 'vitest'
import type { SeenCondition } from '../../api/types'
import { changeWord, chartedOf, expectedText, pathOfViolated, windowOf } from './words'

const MINUTE = 60_000
const seen = (part: Partial<SeenCondition>): SeenCondition => ({ short_name: 'A', name: 'x', metric: 'x', compare: { type: 'VALUE', operator: 'GREATER', value: 90 }, value: 97, unit: '%', threshold: 90, expected: null, minutes: null, holds: true, ...part })

test('what was expected is what the condition does not allow, turned round', () => {
  expect(expectedText(seen({}))).toBe('at most 90 %')
  expect(expectedText(seen({ compare: { type: 'VALUE', operator: 'LESS_OR_EQUAL', value: 5 }, threshold: 5, unit: '' }))).toBe('above 5')
  const compare = { type: 'BASELINE' as const, deviation: 'ABOVE' as const, baseline: null, unit: 'STANDARD_DEVIATIONS' as const, value: 3 }
  expect(expectedText(seen({ compare, threshold: 180, unit: 'ms', expected: { mean: 120, deviation: 20 } }))).toBe('at most 180 ms; baseline 120 ± 20, by 3 σ')
  expect(expectedText(seen({ compare, threshold: null }))).toBe('no baseline to compare with')
})

test('the window ends with the minute that was judged', () => {
  expect(windowOf({ minute_ms: 100 * MINUTE, window_minutes: 30 })).toEqual({ from: 71 * MINUTE, to: 101 * MINUTE })
})

test('a violation is charted with what was around it, while minutes are kept', () => {
  const now = 1_000_000 * MINUTE
  expect(chartedOf({ opened_at: now - 30 * MINUTE, closed_at: null }, 30, now)).toEqual({ hours: 2, until: now })
  const day = 1440 * MINUTE
  expect(chartedOf({ opened_at: now - 2 * day, closed_at: now - 2 * day + 60 * MINUTE }, 5, now)).toEqual({ hours: 3, until: now - 2 * day + 90 * MINUTE })
  expect(chartedOf({ opened_at: now - 20 * day, closed_at: now - 19 * day }, 5, now)).toBe(null)
  expect(chartedOf({ opened_at: now - 20 * day, closed_at: null }, 5, now)?.hours).toBe(192)
})

test('an entity leads to its page, a service endpoint to none', () => {
  const of = (entity_kind: 'QUEUE' | 'ERROR' | 'SERVICE_ENDPOINT') => pathOfViolated({ application: { id: 3, name: 'shop' }, entity: { id: 7, name: 'x' }, entity_kind })
  expect([of('QUEUE'), of('ERROR'), of('SERVICE_ENDPOINT')]).toEqual(['/applications/3/backends/7', '/applications/3/errors/7', null])
})

test('changes are words', () => {
  expect(changeWord({ kind: 'UPGRADED', level: 'CRITICAL' })).toBe('Became critical')
  expect(changeWord({ kind: 'CLOSED', level: 'WARNING' })).toBe('Resolved, was warning')
})
