// What the palette offers and how it is found by what is typed. Pure.

export type Group = 'Trace' | 'Pages' | 'Business transactions' | 'Tiers' | 'Backends' | 'Applications' | 'Time range' | 'Settings'

export interface Command {
  id: string
  group: Group
  label: string
  /** What tells it from others of the same name: its tier, its type. */
  note?: string
  run(): void
}

export interface Found {
  group: Group
  commands: Command[]
}

/** Of each group at most so many are shown; a longer text finds the others. */
export const SHOWN = 8

/** 32 hexadecimal digits, also with dashes or as the second part of a `traceparent`. */
export function traceIdIn(text: string): string | null {
  const parent = /^\s*[\da-f]{2}-([\da-f]{32})-[\da-f]{16}-[\da-f]{2}\s*$/i.exec(text)
  const id = parent?.[1] ?? text.replaceAll(/[\s-]/g, '')
  return /^[\da-f]{32}$/i.test(id) && !/^0+$/.test(id) ? id.toLowerCase() : null
}

/**
 * How well a label answers to the words of a text: 0 for not at all; every word must occur, at the start of a word better than
 * within one, early better than late.
 */
export function score(label: string, text: string): number {
  const name = label.toLowerCase()
  let sum = 0
  for (const word of text.toLowerCase().split(/\s+/).filter(Boolean)) {
    const at = name.indexOf(word)
    if (at < 0) return 0
    const starts = at === 0 || /[^\da-z]/.test(name[at - 1] ?? '')
    sum += (starts ? 2 : 1) - at / 1000
  }
  return sum
}

/** What answers to a text, by group in their order, the best of each first; all of them when nothing is typed. */
export function search(commands: readonly Command[], text: string): Found[] {
  const found = new Map<Group, { command: Command; points: number }[]>()
  for (const command of commands) {
    const points = text.trim() === '' || command.group === 'Trace' ? 1 : score(`${command.label} ${command.note ?? ''}`, text)
    if (points === 0) continue
    const group = found.get(command.group) ?? []
    group.push({ command, points })
    found.set(command.group, group)
  }
  return [...found].map(([group, list]) => ({
    group,
    commands: list
      .toSorted((a, b) => b.points - a.points)
      .slice(0, SHOWN)
      .map((entry) => entry.command),
  }))
}
