// Two traces side by side: calls of the same operations below the same operations are one row. Pure.
import type { Call } from './calls'

export interface Side {
  count: number
  errors: number
  /** Microseconds. */
  total: number
  self: number
}

export interface ComparedCall {
  /** In the order of a depth-first walk: where it stands when nothing else sorts. */
  order: number
  depth: number
  tier: string
  name: string
  target: string | null
  /** The order of the row above it. */
  parent: number | null
  a: Side | null
  b: Side | null
}

/** What b has more than a; a side without the call has nothing of it. */
export function difference(row: ComparedCall, figure: keyof Side): number {
  return (row.b?.[figure] ?? 0) - (row.a?.[figure] ?? 0)
}

const sideOf = (call: Call | undefined): Side | null => (call ? { count: call.count, errors: call.errors, total: call.total, self: call.self } : null)

/** Rows in the order of the first trace, what only the second has behind its siblings. */
export function compared(a: readonly Call[], b: readonly Call[]): ComparedCall[] {
  const roots = (calls: readonly Call[]) => calls.filter((call) => call.parent === null)
  const rows: ComparedCall[] = []
  const stack = paired(roots(a), roots(b), null).reverse()
  for (let next = stack.pop(); next; next = stack.pop()) {
    const call = next.a ?? next.b
    if (!call) continue
    const order = rows.length
    rows.push({ order, parent: next.parent, depth: call.depth, tier: call.tier.name, name: call.name, target: call.target, a: sideOf(next.a), b: sideOf(next.b) })
    stack.push(...paired(next.a?.children ?? [], next.b?.children ?? [], order).reverse())
  }
  return rows
}

/** The names from the root down to a row. */
export function namesTo(rows: readonly ComparedCall[], row: ComparedCall): string[] {
  const names: string[] = []
  for (let at: ComparedCall | undefined = row; at; at = at.parent === null ? undefined : rows[at.parent]) names.push(at.name)
  return names.reverse()
}

interface Pair {
  a: Call | undefined
  b: Call | undefined
  parent: number | null
}

function paired(a: readonly Call[], b: readonly Call[], parent: number | null): Pair[] {
  const ofB = new Map(b.map((call) => [call.key, call]))
  const first: Pair[] = a.map((call) => ({ a: call, b: ofB.get(call.key), parent }))
  const known = new Set(a.map((call) => call.key))
  return [...first, ...b.filter((call) => !known.has(call.key)).map((call) => ({ a: undefined, b: call, parent }))]
}
