// The permissions of a role as rows of a matrix: the account's, and one for each application that has its own.
import type { Grant } from '../../api/types'

export interface Row {
  /** null: the account. */
  application: number | null
  held: Set<string>
}

export function rowsOf(grants: Grant[]): Row[] {
  const rows: Row[] = [{ application: null, held: new Set() }]
  for (const { application = null, permission } of grants) {
    let row = rows.find((one) => one.application === application)
    if (!row) rows.push((row = { application, held: new Set() }))
    row.held.add(permission)
  }
  return rows
}

export function grantsOf(rows: Row[]): Grant[] {
  return rows.flatMap(({ application, held }) => [...held].map((permission) => ({ permission, application })))
}

/** The rows with one box of one of them ticked or not. */
export function toggled(rows: Row[], application: number | null, permission: string): Row[] {
  return rows.map((row) => {
    if (row.application !== application) return row
    const held = new Set(row.held)
    if (!held.delete(permission)) held.add(permission)
    return { application, held }
  })
}
