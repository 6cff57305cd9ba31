// Small maps for tests.
import type { Figures, FlowMap, FlowMapEdge, FlowMapNode } from '../../../api/types'

export function figures(calls: number, more: Partial<Figures> = {}): Figures {
  return { calls, errors: 0, calls_per_minute: calls / 60, errors_per_minute: 0, error_percent: 0, average_ms: calls ? 10 : null, min_ms: calls ? 1 : null, max_ms: calls ? 50 : null, p95_ms: calls ? 30 : null, slow: 0, very_slow: 0, stall: 0, sampled_percent: null, deviation: null, ...more }
}

export function entity(id: number, name: string, more: Partial<FlowMapNode> = {}): FlowMapNode {
  return { id, kind: 'tier', name, type: 'tier', system: null, figures: figures(100), nodes: 1, x: null, y: null, pinned: false, entry: false, hints: [], ...more }
}

export function call(from: number, to: number, calls = 100, more: Partial<FlowMapEdge> = {}): FlowMapEdge {
  return { from, to, type: 'HTTP', async: false, figures: figures(calls), resolved: true, ...more }
}

export function mapOf(nodes: FlowMapNode[], edges: FlowMapEdge[]): FlowMap {
  return { application: { id: 1, name: 'shop' }, nodes, edges, filling_from: null, partial: null }
}

/** `size` entities: tiers of six teams in a tree, each with a database of its own where there is room. */
export function largeMap(size: number): FlowMap {
  const teams = ['catalog', 'orders', 'stock', 'search', 'pay', 'mail']
  const nodes: FlowMapNode[] = []
  const edges: FlowMapEdge[] = []
  for (let id = 1; nodes.length < size; id++) {
    const backend = id % 3 === 0
    nodes.push(backend ? entity(id, `db-${id}:3306`, { kind: 'backend', type: 'DATABASE' }) : entity(id, `${teams[id % teams.length]}-${id}`))
    if (id > 1) edges.push(call(backend ? id - 1 : Math.max(1, Math.floor(id / 3) - (Math.floor(id / 3) % 3 === 0 ? 1 : 0)), id))
  }
  return mapOf(nodes, edges)
}
