import { describe, expect, it } from 'vitest'
import type { Storage, TableUsage } from '../../api/types'
import { amountOf, costOf, DAY, HOUR, milliseconds, outlookOf, problemOf } from './retention'

const table = (setting: string, bytes: number, perDay: number | null, days: number) => ({ setting, bytes, bytes_per_day: perDay, expected_bytes: perDay === null ? null : perDay * days }) as TableUsage
const storage = { tables: [table('a', 10, 10, 2), table('a', 0, null, 2), table('b', 100, 50, 4)], disk: { free_bytes: 200, make_room_below_bytes: 60 } } as Storage

describe('retention', () => {
  it('costs what its tables take a day, for so long', () => {
    expect(costOf(storage, 'a', 3 * DAY)).toEqual({ bytes: 10, expected: 30 })
    expect(costOf({ ...storage, tables: [] }, 'a', DAY).expected).toBeNull()
  })
  it('fits when all that is still to come has room above what is kept free', () => {
    expect(outlookOf(storage, null, 0)).toEqual({ more: 110, room: 140, told: true })
    expect(outlookOf(storage, 'a', 6 * DAY).more).toBe(150)
    // What is there already is not given back by a shorter one before it is deleted.
    expect(outlookOf(storage, 'b', DAY).more).toBe(10)
  })
  it('is written in days where they are whole', () => {
    expect(amountOf(2 * DAY)).toEqual({ amount: 2, unit: 'days' })
    expect(amountOf(36 * HOUR)).toEqual({ amount: 36, unit: 'hours' })
    expect(milliseconds(1.5, 'days')).toBe(36 * HOUR)
  })
  it('has bounds', () => {
    expect(problemOf('', 'days')).toBe('Write a number')
    expect(problemOf(0.5, 'hours')).toBe('An hour at least')
    expect(problemOf(4000, 'days')).toBe('Ten years at most')
    expect(problemOf(3, 'days')).toBeNull()
  })
})
