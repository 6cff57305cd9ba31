import { describe, expect, it } from 'vitest'
import type { Deviation, MetricDeviation } from '../../api/types'
import { figures } from '../../pages/FlowMap/model/testMap'
import { choiceOf } from './choice'
import { deviationText, healthOf, sigmas, stateOrder, stateText, worstDeviation } from './state'

const metric = (state: MetricDeviation['state'], by: number): MetricDeviation => ({ state, value: 120, expected: 100, deviation: 10, sigmas: by, from: 'season' })
const deviation = (time: MetricDeviation | null, errors: MetricDeviation | null, state: Deviation['state']): Deviation => ({ state, response_time: time, errors, calls: null })
const slow = deviation(metric('warning', 2.345), metric('normal', 0.1), 'warning')
const failing = deviation(metric('warning', 2.9), metric('critical', 3.5), 'critical')
const unknown = deviation(null, null, 'no_baseline')

describe('state by baseline', () => {
  it('names the worse of response time and errors', () => {
    expect(stateText(slow)).toBe('slower +2.3 σ')
    expect(stateText(failing)).toBe('errors +3.5 σ')
    expect(stateText(deviation(metric('normal', 1), null, 'normal'))).toBe('normal')
    expect(stateText(unknown)).toBe('no baseline')
  })

  it('tells what was expected, and from what', () => {
    expect(deviationText(slow).split('\n')[0]).toBe('response time 120 ms: +2.3 σ, expected 100 ± 10 ms')
    expect(deviationText(deviation({ ...metric('normal', -1), from: 'last_day' }, null, 'normal'))).toContain('−1 σ, expected 100 ± 10 ms, from the day before')
    expect(deviationText(null)).toBe('')
  })

  it('sigmas beyond what can be told apart are not pretended to be exact', () => {
    expect([sigmas(12.34), sigmas(999), sigmas(-999), sigmas(0)]).toEqual(['+12 σ', '> 100 σ', '< −100 σ', '+0 σ'])
  })

  it('is as bad as the worse of error share and baseline', () => {
    expect(healthOf(figures(100, { error_percent: 2, deviation: failing }))).toBe('critical')
    expect(healthOf(figures(100, { error_percent: 9, deviation: slow }))).toBe('critical')
    expect(healthOf(figures(100, { deviation: unknown }))).toBe('normal')
    expect(healthOf(null)).toBe('normal')
  })

  it('sorts no baseline before normal, and the worst last', () => {
    const order = [failing, unknown, slow].toSorted((a, b) => (stateOrder(a) ?? 0) - (stateOrder(b) ?? 0))
    expect(order).toEqual([unknown, slow, failing])
    expect(worstDeviation([null, unknown, slow])).toBe(slow)
    expect(worstDeviation([null])).toBe(null)
  })

  it('takes only what a URL may say', () => {
    expect(['none', '104', 'default', 'x', ''].map(choiceOf)).toEqual(['none', '104', 'default', 'default', 'default'])
  })
})
