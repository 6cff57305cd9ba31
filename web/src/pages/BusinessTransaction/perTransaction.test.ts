import { expect, test } from 'vitest'
import { perTransaction } from './perTransaction'

test('a call made twice a transaction costs it twice its time', () => {
  expect(perTransaction({ calls_per_minute: 20, average_ms: 6 }, { calls_per_minute: 10, average_ms: 40 })).toEqual({ calls: 2, ms: 12 })
})

test('without transactions or response times nothing is claimed', () => {
  expect(perTransaction({ calls_per_minute: 20, average_ms: 6 }, { calls_per_minute: 0, average_ms: null })).toEqual({ calls: null, ms: null })
  expect(perTransaction({ calls_per_minute: 5, average_ms: null }, { calls_per_minute: 10, average_ms: 1 })).toEqual({ calls: 0.5, ms: null })
})
