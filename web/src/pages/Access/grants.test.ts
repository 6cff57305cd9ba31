import { describe, expect, it } from 'vitest'
import { grantsOf, rowsOf, toggled } from './grants'

const GRANTS = [
  { permission: 'view', application: 7 },
  { permission: 'view', application: null },
  { permission: 'configure', application: 7 },
]

describe('the matrix of a role', () => {
  it('has the account first, held or not', () => {
    expect(rowsOf([]).map((row) => row.application)).toEqual([null])
    expect(rowsOf(GRANTS).map((row) => [row.application, [...row.held]])).toEqual([
      [null, ['view']],
      [7, ['view', 'configure']],
    ])
  })
  it('goes round', () => {
    const sorted = (grants: { application?: number | null; permission: string }[]) => grants.map((grant) => `${grant.application} ${grant.permission}`).sort()
    expect(sorted(grantsOf(rowsOf(GRANTS)))).toEqual(sorted(GRANTS))
  })
  it('ticks one box of one row', () => {
    const rows = toggled(toggled(rowsOf(GRANTS), 7, 'view'), null, 'delete')
    expect(rows.map((row) => [...row.held])).toEqual([['view', 'delete'], ['configure']])
  })
})
