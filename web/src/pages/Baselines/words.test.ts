import { describe, expect, it } from 'vitest'
import { bodyOf, EMPTY, hoursAlike, isSound, problemsOf, windowText } from './words'

const HOUR = 3_600_000
const named = { ...EMPTY, name: 'Ten days' }

describe('a new baseline', () => {
  it('is sound with a name of its own and a window', () => {
    expect(isSound(named, [])).toBe(true)
    expect(isSound(EMPTY, [])).toBe(false)
    expect(problemsOf(EMPTY, [])).toEqual({})
    expect(problemsOf({ ...named, name: ' Ten days ' }, ['Ten days']).name).toContain('already')
  })

  it('reaches back 1 to 400 days', () => {
    for (const days of ['0', '401', 'x', '', '1.5', '-3']) expect(problemsOf({ ...named, days }, []).days).toBeDefined()
    for (const days of ['1', '400', ' 30 ']) expect(problemsOf({ ...named, days }, [])).toEqual({})
  })

  it('of a fixed range holds at least one whole hour', () => {
    const fixed = { ...named, kind: 'fixed' as const }
    expect(problemsOf(fixed, []).range).toContain('both ends')
    expect(problemsOf({ ...fixed, from: 1, to: HOUR + 1 }, []).range).toContain('whole hour')
    expect(problemsOf({ ...fixed, from: HOUR, to: 2 * HOUR }, [])).toEqual({})
    expect(problemsOf({ ...fixed, from: 3 * HOUR, to: HOUR }, []).range).toBeDefined()
  })

  it('is sent as the server takes it', () => {
    expect(bodyOf({ ...named, name: ' a ', days: ' 7 ' })).toEqual({ name: 'a', season: 'day', window: { kind: 'rolling', days: 7 } })
    expect(bodyOf({ ...named, kind: 'fixed', season: 'none', from: 1, to: 2 }).window).toEqual({ kind: 'fixed', from: 1, to: 2 })
  })

  it('tells how many hours are alike in it', () => {
    expect(hoursAlike({ ...named, days: '30' })).toBe(30)
    expect(hoursAlike({ ...named, days: '30', season: 'week' })).toBe(4)
    expect(hoursAlike({ ...named, days: '15', season: 'none' })).toBe(360)
    expect(hoursAlike({ ...named, days: 'x' })).toBe(null)
    expect(windowText({ kind: 'rolling', days: 1 })).toBe('the 1 day before')
  })
})
