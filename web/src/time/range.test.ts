import { describe, expect, it } from 'vitest'
import { DEFAULT_RANGE, formatRelative, keyOf, parseRelative, rangeFromParams, rangeToParams, windowOf } from './range'

const parse = (query: string) => rangeFromParams(new URLSearchParams(query))

describe('time range', () => {
  it('a relative range survives the URL as relative', () => {
    for (const minutes of [5, 60, 90, 180, 1440, 2880, 43_200]) {
      expect(parseRelative(formatRelative(minutes))).toEqual({ kind: 'relative', minutes })
      expect(parse(`range=${rangeToParams({ kind: 'relative', minutes }).range}`)).toEqual({ kind: 'relative', minutes })
    }
  })

  it('an absolute range survives the URL', () => {
    expect(parse('from=1000&to=61000')).toEqual({ kind: 'absolute', from: 1000, to: 61_000 })
    expect(rangeToParams({ kind: 'absolute', from: 1000, to: 61_000 })).toEqual({ range: null, from: '1000', to: '61000' })
  })

  it('what cannot be read is the last hour', () => {
    for (const query of ['', 'range=yesterday', 'range=last-0m', 'range=last-60', 'from=5', 'from=9&to=5', 'from=a&to=b', 'range=last-999999d']) expect(parse(query), query).toEqual(DEFAULT_RANGE)
  })

  it('a relative window is its whole minutes and the one still filling', () => {
    expect(windowOf({ kind: 'relative', minutes: 5 }, 10 * 60_000 + 12_345)).toEqual({ from: 5 * 60_000, to: 10 * 60_000 + 12_345 })
  })

  it('a window of hours begins at a full ten minutes', () => {
    const now = Date.UTC(2026, 10, 29, 14, 57, 12, 345)
    expect(windowOf({ kind: 'relative', minutes: 360 }, now)).toEqual({ from: Date.UTC(2026, 10, 29, 8, 50), to: now })
    expect(windowOf({ kind: 'relative', minutes: 60 }, now)).toEqual({ from: Date.UTC(2026, 10, 29, 13, 57), to: now })
  })

  it('an absolute window does not move with time', () => {
    const range = { kind: 'absolute' as const, from: 1, to: 2 }
    expect(windowOf(range, 999_999)).toEqual({ from: 1, to: 2 })
  })

  it('the key of a relative range does not change as time goes on', () => {
    expect(keyOf({ kind: 'relative', minutes: 60 })).toBe('last-60m')
  })
})
