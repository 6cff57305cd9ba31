import { describe, expect, it } from 'vitest'
import { errorShareText, exact, milliseconds, NONE, percent, perMinute, responseTime, short, significant } from './numbers'

const check = <T>(format: (value: T) => string, pairs: [T, string][]) => {
  for (const [value, text] of pairs) expect(format(value), String(value)).toBe(text)
}

describe('numbers', () => {
  it('an error share says what it is of', () => {
    expect(errorShareText({ calls: 1000, errors: 25, error_percent: 2.5 })).toBe('2.5 %: 25 of 1,000 calls')
    // 5 of the 200 calls in complete minutes, 40 of them all.
    expect(errorShareText({ calls: 1000, errors: 40, error_percent: 2.5 })).toBe('2.5 % in complete minutes; 40 of 1,000 calls so far')
    expect(errorShareText({ calls: 0, errors: 0, error_percent: 0 })).toBe('no calls')
  })

  it('have three significant digits', () => {
    check(significant, [[0, '0'], [0.012345, '0.0123'], [1.2345, '1.23'], [12.345, '12.3'], [123.45, '123'], [999.6, '1,000'], [12345.6, '12,346'], [5, '5'], [1.5, '1.5'], [0.00001234, '0.0000123']])
  })

  it('are shortened with a letter above a thousand', () => {
    check(short, [[0, '0'], [999, '999'], [999.6, '1k'], [1234, '1.23k'], [12_345, '12.3k'], [1_234_567, '1.23M'], [999_700, '1M'], [2.5e9, '2.5G'], [0.0001, '<0.001']])
  })

  it('nothing measured is a dash, zero is zero', () => {
    expect(short(null)).toBe(NONE)
    expect(milliseconds(null)).toBe(NONE)
    expect(percent(null)).toBe(NONE)
    expect(perMinute(0)).toBe('0/min')
    expect(milliseconds(0)).toBe('0 ms')
  })

  it('durations choose their unit', () => {
    check(milliseconds, [[0.0004, '400 ns'], [0.82, '820 µs'], [1, '1 ms'], [12.34, '12.3 ms'], [999.4, '999 ms'], [999.6, '1 s'], [1234, '1.23 s'], [61_500, '61.5 s'], [125_000, '2 min 5 s'], [7_260_000, '2 h 1 min']])
  })

  it('response times stay in ms below a second', () => {
    check(responseTime, [[0.8234, '0.823 ms'], [0.05, '0.05 ms'], [24.04, '24 ms'], [1500, '1.5 s'], [null, NONE]])
  })

  it('a small share is not none, and nearly all is not all', () => {
    check(percent, [[0, '0 %'], [0.001, '<0.01 %'], [0.123, '0.123 %'], [2.0499, '2.05 %'], [99.97, '99.9 %'], [100, '100 %']])
  })

  it('say the whole value exactly', () => {
    expect(exact(1234.56789, 'ms')).toBe('1,234.56789 ms')
    expect(exact(null, 'ms')).toBe('no data')
  })
})
