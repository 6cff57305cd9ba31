import { describe, expect, it } from 'vitest'
import { score, search, SHOWN, traceIdIn, type Command } from './commands'

const command = (group: Command['group'], label: string, note?: string): Command => ({ id: `${group}-${label}`, group, label, note, run: () => undefined })
const labels = (commands: Command[], text: string) => search(commands, text).map((found) => [found.group, ...found.commands.map((c) => c.label)])

describe('a trace id', () => {
  const id = '4bf92f3577b34da6a3ce929d0e0e4736'
  it('is taken as digits, with dashes, in capitals and out of a traceparent', () => {
    expect(traceIdIn(` ${id.toUpperCase()} `)).toBe(id)
    expect(traceIdIn('4bf92f35-77b3-4da6-a3ce-929d0e0e4736')).toBe(id)
    expect(traceIdIn(`00-${id}-00f067aa0ba902b7-01`)).toBe(id)
  })
  it('is not found in anything else', () => {
    for (const text of ['', 'checkout', id.slice(1), `${id}0`, '0'.repeat(32), `${id.slice(1)}g`]) expect(traceIdIn(text)).toBeNull()
  })
})

describe('the palette', () => {
  it('wants every word, wherever it stands', () => {
    expect(score('GET /api/orders', 'ord get')).toBeGreaterThan(0)
    expect(score('GET /api/orders', 'ord post')).toBe(0)
  })
  it('puts the start of a word before its middle', () => {
    const commands = [command('Tiers', 'reorder'), command('Tiers', 'gateway-orders'), command('Tiers', 'orders')]
    expect(labels(commands, 'order')).toEqual([['Tiers', 'orders', 'gateway-orders', 'reorder']])
  })
  it('keeps the groups in order, finds by the note too, and shows a bounded number', () => {
    const commands = [command('Pages', 'Errors'), command('Backends', 'orders', 'PostgreSQL'), ...Array.from({ length: 30 }, (_, at) => command('Tiers', `postgres-${at}`))]
    const found = labels(commands, 'postgres')
    expect(found.map(([group]) => group)).toEqual(['Backends', 'Tiers'])
    expect(found[1]).toHaveLength(SHOWN + 1)
  })
  it('offers everything before anything is typed, and a trace whatever is typed', () => {
    expect(labels([command('Pages', 'Errors'), command('Tiers', 'shop')], ' ')).toEqual([['Pages', 'Errors'], ['Tiers', 'shop']])
    expect(labels([command('Trace', 'Open the trace 4bf9…')], 'abc')).toHaveLength(1)
  })
})
