import { describe, expect, it } from 'vitest'
import type { Event } from '../../api/types'
import { marksOf, type Geometry } from './marks'

const plot: Geometry = { left: 50, top: 8, width: 600, height: 100, from: 0, to: 600 }
const event = (id: number, seconds: number, affected: number[] = []): Event => ({
  id,
  at: seconds * 1000,
  type: 'CUSTOM',
  custom_type: '',
  severity: 'INFO',
  summary: '',
  comment: '',
  repeats: 1,
  application: null,
  triggered: null,
  affected: affected.map((entity) => ({ kind: 'TIER', id: entity, name: '' })),
  properties: [],
  is_read: false,
  is_resolved: false,
})

describe('marksOf', () => {
  it('puts each event where its time is and leaves out what is outside', () => {
    const marks = marksOf([event(3, 590), event(2, 100), event(1, -1), event(4, 601)], plot, null)
    expect(marks.map((m) => [m.x, m.events.map((e) => e.id)])).toEqual([
      [100, [2]],
      [590, [3]],
    ])
  })

  it('makes one mark of events that stand closer than a mark is wide, and a new one from there', () => {
    const marks = marksOf([event(1, 100), event(2, 110), event(3, 117), event(4, 118), event(5, 130)], plot, null)
    expect(marks.map((m) => m.events.map((e) => e.id))).toEqual([
      [1, 2, 3],
      [4, 5],
    ])
  })

  it('is strong where one of its events is about what the chart shows', () => {
    const marks = marksOf([event(1, 100, [7]), event(2, 200, [8]), event(3, 205, [7, 9])], plot, 9)
    expect(marks.map((m) => m.strong)).toEqual([false, true])
    expect(marksOf([event(1, 100, [7])], plot, null)[0]?.strong).toBe(true)
  })

  it('draws nothing where there is no room', () => {
    expect(marksOf([event(1, 0)], { ...plot, width: 0 }, null)).toEqual([])
    expect(marksOf([event(1, 0)], { ...plot, to: 0 }, null)).toEqual([])
  })
})
