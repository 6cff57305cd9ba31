import { describe, expect, it } from 'vitest'
import { callsOf, framesOf } from './calls'
import { compared, difference, namesTo } from './compare'
import { span } from './testSpan'
import { treeOf } from './tree'

const of = (id: string, parent: string | null, name: string, duration_us: number, self_us: number, start = 0) => span(id, parent, start, { name, duration_us, self_us })
const shop = [
  of('r', null, 'GET /', 100, 20),
  of('a1', 'r', 'SELECT', 30, 30, 10),
  of('h', 'r', 'render', 40, 10, 45),
  of('a2', 'r', 'SELECT', 10, 10, 90),
  { ...of('i', 'h', 'SELECT', 30, 30, 50), status: 'ERROR' as const },
]
const calls = (spans = shop) => callsOf(treeOf(spans))
const lines = (spans = shop) => calls(spans).map((c) => `${'.'.repeat(c.depth)}${c.name} ×${c.count} ${c.total} ${c.self} ${c.weight} ${c.errors}`)

describe('calls of a trace', () => {
  it('are put together where the same operation stands below the same ones', () => {
    expect(lines()).toEqual(['GET / ×1 100 20 100 0', '.SELECT ×2 40 40 40 0', '.render ×1 40 10 40 0', '..SELECT ×1 30 30 30 1'])
  })

  it('have no width that their parent has not', () => {
    const { frames, narrow } = framesOf(calls(), null, 0.35)
    expect(frames.map((f) => `${f.call.name} ${f.depth} ${f.left} ${f.width}`)).toEqual(['GET / 0 0 1', 'SELECT 1 0 0.4', 'render 1 0.4 0.4'])
    expect(narrow).toBe(1)
  })

  it('can be looked at from any call on', () => {
    const all = calls()
    const render = all.find((c) => c.name === 'render') ?? null
    expect(framesOf(all, render, 0).frames.map((f) => `${f.call.name} ${f.width}`)).toEqual(['render 1', 'SELECT 0.75'])
    expect(all.map((c) => c.id)).toEqual([0, 1, 2, 3])
  })

  it('of a chain of 20,000 spans do not overflow', () => {
    const chain = Array.from({ length: 20_000 }, (_, i) => span(String(i), i ? String(i - 1) : null, i))
    expect(framesOf(calls(chain), null, 0).frames).toHaveLength(20_000)
  })
})

describe('two traces', () => {
  it('are aligned by the operations above, and each may lack some', () => {
    const other = [of('r', null, 'GET /', 300, 20), of('a', 'r', 'SELECT', 30, 30), of('n', 'r', 'POST /mail', 250, 250)]
    const rows = compared(calls(), calls(other))
    expect(rows.map((row) => `${namesTo(rows, row).join(' > ')}: ${row.a?.count ?? '–'} ${row.b?.count ?? '–'} ${difference(row, 'total')} ${difference(row, 'self')}`)).toEqual([
      'GET /: 1 1 200 0',
      'GET / > SELECT: 2 1 -10 -10',
      'GET / > render: 1 – -40 -10',
      'GET / > render > SELECT: 1 – -30 -30',
      'GET / > POST /mail: – 1 250 250',
    ])
    expect(rows.map((row) => row.order)).toEqual([0, 1, 2, 3, 4])
  })

  it('that are the same differ nowhere', () => {
    for (const row of compared(calls(), calls())) expect([difference(row, 'count'), difference(row, 'total'), difference(row, 'self')]).toEqual([0, 0, 0])
  })
})
