import { expect, it } from 'vitest'
import { bytes, span } from './sizes'

it('tells sizes in the largest unit they fill', () => {
  expect([0, 12, 1023, 1024, 1536, 2 ** 20 - 100, 5 * 2 ** 30, 2 ** 41].map(bytes)).toEqual(['0 B', '12 B', '1,023 B', '1 KiB', '1.5 KiB', '1 MiB', '5 GiB', '2 TiB'])
  expect(bytes(null)).toBe('–')
})

it('tells retentions in whole units', () => {
  const hour = 3_600_000
  expect([24 * hour, 14 * 24 * hour, 36 * hour, 90_000, 1500].map(span)).toEqual(['1 day', '14 days', '36 hours', '90 seconds', '1.5 seconds'])
})
