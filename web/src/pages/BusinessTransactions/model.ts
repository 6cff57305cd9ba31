// Rows of the table: business transactions, and groups in the place of their members. Pure.
import type { BusinessTransaction, TransactionGroup } from '../../api/types'

export type Row = { kind: 'bt'; bt: BusinessTransaction } | { kind: 'group'; group: TransactionGroup }

export const isBackground = (bt: BusinessTransaction) => bt.background || bt.health_check

/** A group stands for its members unless they are wanted too. It passes a filter by its name or by a member's. */
export function rowsOf(items: BusinessTransaction[], groups: TransactionGroup[], filter: string, background: boolean, members: boolean): Row[] {
  const wanted = filter.toLowerCase()
  const passes = (text: string) => text.toLowerCase().includes(wanted)
  const shown = items.filter((bt) => (background || !isBackground(bt)) && passes(`${bt.name}\n${bt.tier.name}`))
  const known = new Set(groups.map((group) => group.id))
  const alone = shown.filter((bt) => members || bt.group === null || !known.has(bt.group.id))
  const found = groups.filter((group) => passes(group.name) || shown.some((bt) => bt.group?.id === group.id))
  return [...found.map((group): Row => ({ kind: 'group', group })), ...alone.map((bt): Row => ({ kind: 'bt', bt }))]
}

export const keyOf = (row: Row) => (row.kind === 'bt' ? `bt${row.bt.id}` : `group${row.group.id}`)
export const nameOf = (row: Row) => (row.kind === 'bt' ? row.bt.name : row.group.name)
