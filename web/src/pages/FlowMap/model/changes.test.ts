import { describe, expect, it } from 'vitest'
import type { FlowMap, FlowMapEdge, FlowMapNode } from '../../../api/types'
import { changesOf, ratioText } from './changes'
import { filtered } from './filter'
import { viewOf } from './grouping'
import { figures } from './testMap'

const node = (id: number): FlowMapNode => ({ id, kind: 'tier', name: `t${id}`, type: 'tier', system: null, figures: figures(0), nodes: 1, x: null, y: null, pinned: false, entry: false, hints: [] })
const edge = (from: number, to: number, calls_per_minute: number, average_ms: number | null, error_percent = 0): FlowMapEdge => ({ from, to, type: 'HTTP', async: false, resolved: true, figures: { ...figures(calls_per_minute), calls_per_minute, average_ms, error_percent, errors: error_percent } })
const map = (edges: FlowMapEdge[]): FlowMap => ({ application: { id: 1, name: 'shop' }, nodes: [1, 2, 3, 4].map(node), edges, filling_from: null, partial: null })

describe('what changed', () => {
  it('is told call by call, the most changed first', () => {
    const before = map([edge(1, 2, 100, 20), edge(1, 3, 100, 5), edge(2, 3, 10, 8), edge(3, 4, 50, 10)])
    const now = map([edge(1, 2, 104, 90, 3), edge(1, 3, 31, 5), edge(3, 4, 52, 10.5), edge(2, 4, 5, 1)])
    expect(changesOf(now, before).map((c) => [c.from.name, c.to.name, ...c.what])).toEqual([
      ['t2', 't4', 'new'],
      ['t2', 't3', 'gone'],
      ['t1', 't2', 'more errors', 'slower'],
      ['t1', 't3', 'fewer calls'],
      ['t3', 't4'],
    ])
  })

  it('a fraction of a millisecond or of a call is no change', () => {
    const change = changesOf(map([edge(1, 2, 0.4, 0.9)]), map([edge(1, 2, 0.1, 0.3)]))
    expect(change.map((c) => [c.what, c.size])).toEqual([[[], 0]])
    expect(changesOf(map([edge(1, 2, 3, null)]), map([edge(1, 2, 3, 5)]))[0]?.what).toEqual([])
  })

  it('is written as a share or, from a doubling on, as a factor', () => {
    expect([ratioText(12, 10), ratioText(5, 10), ratioText(31, 10), ratioText(200, 10), ratioText(10, 10), ratioText(1, null)]).toEqual(['+20 %', '−50 %', '×3.1', '×20', '±0 %', ''])
  })
})

describe('filter', () => {
  const view = viewOf(map([edge(1, 2, 100, 20), edge(2, 3, 3, 8, 2), edge(3, 4, 0.5, 9)]), new Set())
  const shown = (filter: Parameters<typeof filtered>[1]) => {
    const { nodes, edges } = filtered(view, filter)
    return [nodes.map((n) => n.name).join(' '), edges.length]
  }

  it('keeps the calls that pass and their ends', () => {
    expect(shown({ minCalls: 1, errorsOnly: false })).toEqual(['t1 t2 t3', 2])
    expect(shown({ minCalls: 0, errorsOnly: true })).toEqual(['t2 t3', 1])
    expect(shown({ minCalls: 10, errorsOnly: true })).toEqual(['', 0])
  })

  it('without a wish shows all', () => {
    expect(filtered(view, { minCalls: 0, errorsOnly: false })).toBe(view)
  })
})
