import { describe, expect, it } from 'vitest'
import type { BusinessTransaction, TransactionGroup } from '../../api/types'
import { nameOf, rowsOf } from './model'

const bt = (id: number, name: string, group: number | null = null, background = false) => ({ id, name, tier: { id: 1, name: 'web' }, background, health_check: false, group: group === null ? null : { id: group, name: `g${group}` } }) as BusinessTransaction
const group = (id: number, name: string) => ({ id, name, business_transactions: [] }) as unknown as TransactionGroup

const ITEMS = [bt(1, 'GET /cart', 7), bt(2, 'POST /cart', 7), bt(3, 'GET /', null), bt(4, 'nightly', null, true)]
const GROUPS = [group(7, 'Carts'), group(8, 'Empty')]
const names = (filter: string, background = false, members = false) => rowsOf(ITEMS, GROUPS, filter, background, members).map(nameOf)

describe('the table of business transactions', () => {
  it('shows a group in the place of its members', () => {
    expect(names('')).toEqual(['Carts', 'Empty', 'GET /'])
    expect(names('', false, true)).toEqual(['Carts', 'Empty', 'GET /cart', 'POST /cart', 'GET /'])
  })
  it('finds a group by a member, and members by their own name', () => {
    expect(names('post')).toEqual(['Carts'])
    expect(names('post', false, true)).toEqual(['Carts', 'POST /cart'])
    expect(names('web')).toEqual(['Carts', 'GET /'])
  })
  it('hides background work until it is asked for', () => {
    expect(names('nightly')).toEqual([])
    expect(names('nightly', true)).toEqual(['nightly'])
  })
  it('shows members of a group that is no more', () => {
    expect(rowsOf(ITEMS, [], '', false, false).map(nameOf)).toEqual(['GET /cart', 'POST /cart', 'GET /'])
  })
})
