// The flow map of one trace: its tiers and whom they called, counted from its spans. Pure.
//
// The figures say what happened in this trace alone: calls are spans, not calls a minute, and there is no rate of errors.
import type { Figures, FlowMapNode, Span } from '../../../api/types'
import type { MapEdge, MapNode, MapView } from '../../FlowMap/model/view'
import type { TreeSpan } from './tree'

/** Calls and their times, added up. */
class Sum {
  private calls = 0
  private errors = 0
  private ms = 0
  private least = Number.POSITIVE_INFINITY
  private most = 0

  add(span: Span): void {
    const ms = span.duration_us / 1000
    this.calls += 1
    this.errors += span.status === 'ERROR' ? 1 : 0
    this.ms += ms
    this.least = Math.min(this.least, ms)
    this.most = Math.max(this.most, ms)
  }

  figures(): Figures {
    const { calls, errors } = this
    const any = calls > 0
    return {
      calls,
      errors,
      // What the map weighs its edges by.
      calls_per_minute: calls,
      errors_per_minute: errors,
      error_percent: any ? (100 * errors) / calls : 0,
      average_ms: any ? this.ms / calls : null,
      min_ms: any ? this.least : null,
      max_ms: any ? this.most : null,
      p95_ms: null,
      slow: 0,
      very_slow: 0,
      stall: 0,
      sampled_percent: null,
      deviation: null,
    }
  }
}

interface Place {
  kind: FlowMapNode['kind']
  name: string
  type: string
  system: string | null
  entry: boolean
  processes: Set<number>
  sum: Sum
}

interface Way {
  from: string
  to: string
  type: string
  async: boolean
  sum: Sum
}

/** The system is the first word of a database's, a cache's and a queue's name. */
function systemOf(span: Span): string | null {
  const words = span.exit?.target.name.split(' ') ?? []
  return words.length > 1 ? (words[0] ?? null) : null
}

/** Nodes are tiers, backends and queues by name: an id of 0 says that the entity is not known. */
export function traceMap(order: readonly TreeSpan[]): MapView {
  const places = new Map<string, Place>()
  const ways = new Map<string, Way>()
  const spans = new Map(order.map(({ span }) => [span.span_id, span]))
  const place = (id: string, make: () => Omit<Place, 'processes' | 'sum'>): Place => {
    const known = places.get(id) ?? { ...make(), processes: new Set<number>(), sum: new Sum() }
    places.set(id, known)
    return known
  }
  const tier = ({ tier: { id, name } }: Span) => ({ key: `tier:${id}`, place: place(`tier:${id}`, () => ({ kind: 'tier', name, type: 'tier', system: null, entry: false })) })
  const way = (from: string, to: string, type: string, async: boolean) => {
    const key = `${from}→${to}`
    const known = ways.get(key) ?? { from, to, type, async, sum: new Sum() }
    ways.set(key, known)
    return known
  }
  for (const { span } of order) {
    const own = tier(span)
    own.place.processes.add(span.node.id)
    if (span.role === 'entry') {
      own.place.sum.add(span)
      const caller = callerOf(span, spans)
      if (caller?.exit?.target.kind === 'queue') way(`queue:${caller.exit.target.name}`, own.key, 'MESSAGING', true).sum.add(span)
      else if (!caller) own.place.entry = true
    }
    if (!span.exit) continue
    const { target, type } = span.exit
    const to = target.kind === 'tier' && target.id ? `tier:${target.id}` : `${target.kind}:${target.name}`
    const far = place(to, () => ({ kind: kindOf(target.kind), name: target.name, type: target.kind === 'tier' ? 'tier' : type, system: target.kind === 'tier' ? null : systemOf(span), entry: false }))
    if (target.kind !== 'tier') far.sum.add(span)
    way(own.key, to, type, type === 'MESSAGING').sum.add(span)
  }
  return viewOf(places, ways)
}

const kindOf = (kind: string): FlowMapNode['kind'] => (kind === 'tier' || kind === 'queue' ? kind : 'backend')

/** The nearest exit call above a span. */
function callerOf(span: Span, spans: ReadonlyMap<string, Span>): Span | null {
  for (let above = spans.get(span.parent_span_id ?? ''), steps = 0; above && steps < 64; above = spans.get(above.parent_span_id ?? ''), steps++) {
    if (above.exit) return above
  }
  return null
}

function viewOf(places: ReadonlyMap<string, Place>, ways: ReadonlyMap<string, Way>): MapView {
  const nodes = [...places].map<MapNode>(([id, { processes, sum, ...known }], number) => ({ ...known, id, figures: sum.figures(), nodes: processes.size, hints: [], members: [], anchor: number, at: null, pinned: false }))
  const edges = [...ways].map<MapEdge>(([id, { sum, ...known }]) => ({ ...known, id, resolved: true, figures: sum.figures(), parts: [] }))
  return { nodes, edges, groups: [], shownAs: new Map(), memberOf: new Map() }
}
