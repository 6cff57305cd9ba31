import { describe, expect, it } from 'vitest'
import type { AnomalyPoint, AnomalyState } from '../../api/types'
import { judgedOf, shadesOf, stateRuns, thinnedPoints } from './series'

const MINUTE = 60_000
const point = (minute: number, state: AnomalyState, value: number | null = 10): AnomalyPoint => ({ at: minute * MINUTE, value, expected: 10, low: 5, high: 15, state })

describe('points for a chart', () => {
  it('stay as they are while there is room', () => {
    const points = [point(0, 'NORMAL'), point(1, 'CRITICAL', 90)]
    expect(thinnedPoints(points, 2)).toEqual(points)
  })
  it('keep of several minutes the gravest, then the one farthest out, and where they began', () => {
    const points = [point(0, 'NORMAL', 14), point(1, 'WARNING', 30), point(2, 'NORMAL', 6), point(3, 'NORMAL', 4), point(4, 'NO_DATA', null), point(5, 'NORMAL')]
    expect(thinnedPoints(points, 3).map(({ at, value }) => [at / MINUTE, value])).toEqual([[0, 30], [2, 4], [4, 10]])
  })
  it('carry what is usual beside their values', () => {
    const judged = judgedOf([point(1, 'NORMAL'), { ...point(2, 'LEARNING'), expected: null, low: null, high: null }])
    expect(judged).toEqual({ at: [60, 120], values: [10, 10], usual: { expected: [10, null], low: [5, null], high: [15, null] } })
  })
})

describe('states', () => {
  const runs = stateRuns([point(0, 'LEARNING'), point(1, 'NORMAL'), point(2, 'NORMAL'), point(3, 'CRITICAL')])
  it('are runs that end where the next begins', () => {
    expect(runs.map(({ state, from, to }) => [state, from / MINUTE, to / MINUTE])).toEqual([['LEARNING', 0, 1], ['NORMAL', 1, 3], ['CRITICAL', 3, 4]])
  })
  it('shade the chart where nothing is judged or something is wrong', () => {
    expect(shadesOf(runs).map(({ from, to, colour }) => [from, to, colour])).toEqual([[0, 60, '--v-info-soft'], [180, 240, '--v-crit-soft']])
  })
  it('of nothing are none', () => expect(stateRuns([])).toEqual([]))
})
