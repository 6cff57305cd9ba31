import { describe, expect, it } from 'vitest'
import type { AnomalousKind, CauseVerdict } from '../../api/types'
import { anomalyEventLabel, confidenceText, deviationText, learningText, pathOfEntity, rangeText, suspectText, usualOf } from './words'

const slow = { observed: 1900, expected: 150, deviation: 116.7, unit: 'ms', measure: 'RESPONSE_TIME' as const }

describe('a deviation in words', () => {
  it('says how much slower, what it was, and what is usual', () => {
    expect(deviationText(slow)).toBe('13× slower: 1.9 s where 120–180 ms is usual')
    expect(deviationText({ ...slow, observed: 630, deviation: 32 })).toBe('4.2× slower: 630 ms where 120–180 ms is usual')
  })
  it('tells shares of failed calls as they are, since a ratio to almost nothing means nothing', () => {
    expect(deviationText({ observed: 12, expected: 0.2, deviation: 118, unit: '%', measure: 'ERROR_SHARE' })).toBe('12 % of the calls fail where up to 0.4 % is usual')
  })
  it('tells falls as shares', () => {
    expect(deviationText({ observed: 40, expected: 200, deviation: -16, unit: 'calls/min', measure: 'CALLS' })).toBe('80 % fewer calls: 40/min where 180–220/min is usual')
    expect(deviationText({ observed: 60, expected: 120, deviation: -10, unit: 'ms', measure: 'RESPONSE_TIME' })).toContain('50 % faster')
  })
  it('gives no ratio to nothing, nor where it would be one', () => {
    expect(deviationText({ observed: 5, expected: 0, deviation: 10, unit: '', measure: 'METRIC' })).toBe('5 where up to 1 is usual')
    expect(deviationText({ observed: 102, expected: 100, deviation: 8, unit: '%', measure: 'METRIC' })).toBe('102 % where 100 % is usual')
    expect(deviationText({ observed: 0, expected: 0, deviation: 0, unit: 'calls/min', measure: 'CALLS' })).toBe('how far off is not known yet')
  })
})

describe('what is usual', () => {
  it('is two usual deviations around what is expected, and not below nothing', () => {
    expect(usualOf({ observed: 300, expected: 100, deviation: 10, unit: 'ms', measure: 'RESPONSE_TIME' })).toEqual([60, 140])
    expect(usualOf({ observed: 300, expected: 10, deviation: 10, unit: 'ms', measure: 'RESPONSE_TIME' })[0]).toBe(0)
    expect(usualOf({ observed: 3, expected: 3, deviation: 0, unit: 'ms', measure: 'RESPONSE_TIME' })).toEqual([3, 3])
  })
  it('names its unit once where both ends have the same', () => {
    expect(rangeText(120, 180, 'ms')).toBe('120–180 ms')
    expect(rangeText(800, 1200, 'ms')).toBe('800 ms to 1.2 s')
    expect(rangeText(149.9, 150.1, 'ms')).toBe('150 ms')
  })
})

it('a confidence is never certain', () => {
  expect([0, 0.004, 0.874, 0.999].map(confidenceText)).toEqual(['1 %', '1 %', '87 %', '99 %'])
})

it('nobody is named while it is looked for, and where nothing is clear', () => {
  const top_suspect = { entity: { id: 1, name: 'db' }, entity_kind: 'BACKEND' as const, confidence: 0.3 }
  const of = (verdict: CauseVerdict, entity_kind: AnomalousKind = 'TIER') => suspectText({ verdict, entity_kind, top_suspect })
  expect(of('PENDING')).toBe('still looking')
  expect(of('PENDING', 'NODE')).toBe('found with what suffers')
  expect(of('NO_CLEAR_CAUSE')).toBe('no clear cause')
  expect(of('LOAD')).toBe('db, its load')
  expect(suspectText({ verdict: 'CAUSE', entity_kind: 'TIER', top_suspect: null })).toBe('no clear cause')
})

it('says how long learning takes', () => {
  const minute = 60_000
  expect(learningText({ state: 'LEARNING', learning_since: 0, readings: 25 }, 25 * minute)).toContain('in 35 min')
  expect(learningText({ state: 'LEARNING', learning_since: 0, readings: 40 }, 90 * minute)).toMatch(/an hour of reports;/)
  expect(learningText({ state: 'NORMAL', learning_since: null, readings: 180 }, 0)).toContain('about 21 more hours')
  expect(learningText({ state: 'NORMAL', learning_since: null, readings: 1440 }, 0)).toBe(null)
})

it('events of anomalies have names, others have theirs', () => {
  expect(anomalyEventLabel('ANOMALY_CLOSE_CRITICAL')).toBe('Anomaly over, was critical')
  expect(anomalyEventLabel('POLICY_UPGRADED')).toBe(undefined)
})

it('entities lead to their pages, a server to that of a node on it, a service endpoint to none', () => {
  expect(pathOfEntity(3, 'BACKEND', 7)).toBe('/applications/3/backends/7')
  expect(pathOfEntity(3, 'SERVER', 7)).toBe('/applications/3/nodes/7')
  expect(pathOfEntity(3, 'SERVICE_ENDPOINT', 7)).toBe(null)
})
