// Layouts of flow maps that are kept under a name, and the map of a single node.
import { figures, minuteOf } from './figures.mjs'
import { edgeThing } from './topology.mjs'

const layouts = new Map()
let next = 1

const told = ({ id, scope, name, default: isDefault, changed_ms }) => ({ id, scope, name, default: isDefault, changed_ms })

function keep(id, body, now) {
  if (body.default) for (const other of layouts.values()) if (other.scope === body.scope) other.default = false
  layouts.set(id, { id, scope: body.scope, name: body.name, default: body.default ?? false, changed_ms: now, positions: body.positions ?? [], groups: body.groups ?? [] })
}

export const layoutRoutes = [
  ['GET', /^\/api\/v1\/flow-map-layouts$/, (r) => ({ items: [...layouts.values()].filter((l) => l.scope === r.query.get('scope')).map(told), next: null, partial: null })],
  ['POST', /^\/api\/v1\/flow-map-layouts$/, (r) => {
    keep(next, r.body, r.now)
    next += 1
    return { id: next - 1, name: r.body.name }
  }],
  ['GET', /^\/api\/v1\/flow-map-layouts\/(\d+)$/, (_, id) => (layouts.has(Number(id)) ? { ...layouts.get(Number(id)) } : null)],
  ['PUT', /^\/api\/v1\/flow-map-layouts\/(\d+)$/, (r, id) => {
    if (!layouts.has(Number(id))) return null
    keep(Number(id), r.body, r.now)
    return undefined
  }],
  ['DELETE', /^\/api\/v1\/flow-map-layouts\/(\d+)$/, (_, id) => void layouts.delete(Number(id))],
]

/** What one node of a tier called and was called by, in forty traces. */
export function nodeMap(app, tier, node, r) {
  const of = (thing) => {
    const all = figures(thing, r.from, r.to, r.now)
    const calls = Math.max(1, Math.round(all.calls / 100))
    return { ...all, calls, errors: Math.round(calls * thing.errors), calls_per_minute: 0, errors_per_minute: 0, error_percent: 100 * thing.errors }
  }
  const edges = app.edges.filter((e) => e.from === tier.id || e.to === tier.id)
  const others = app.entities.filter((e) => edges.some((edge) => edge.from === e.id || edge.to === e.id) && e.id !== tier.id)
  const end = (id) => (id === tier.id ? node.id : id)
  const drawn = (e, more = {}) => ({ id: e.id, kind: e.kind, name: e.name, type: e.type, system: e.system, nodes: 0, entry: false, hints: [], x: null, y: null, pinned: false, figures: null, ...more })
  return {
    application: { id: app.id, name: app.name }, filling_from: minuteOf(r.now) && null, partial: null, traces: 40, looked_at: 3120,
    nodes: [drawn(tier, { id: node.id, kind: 'node', type: 'node', name: node.name, entry: true, figures: of({ seed: `n${node.id}`, rate: 90, ms: 40, errors: 0.01 }) }), ...others.map((e) => drawn(e, { figures: e.kind === 'tier' ? null : of({ seed: `o${e.id}`, rate: 80, ms: 6, errors: 0 }) }))],
    edges: edges.map((e) => ({ from: end(e.from), to: end(e.to), type: e.type, async: e.async, resolved: e.resolved, figures: of(edgeThing(e)) })),
  }
}
