// The search of spans, what there is to search for, and saved searches.
import { applications } from './topology.mjs'
import { snapshots, trace } from './trace.mjs'

const SPANS = 4000

/** All spans of the newest transactions of a range, newest first. */
function spansOf(r) {
  const app = applications.find((a) => a.id === Number(r.query.get('application') ?? 1))
  if (!app || app.id !== 1) return []
  const found = []
  for (const snapshot of snapshots(app, r.from, r.to, { bt: Number(r.query.get('bt')) || null, kept: false, min: 0 })) {
    const made = trace(snapshot.trace_id, snapshot.start)
    // The large trace would be all that is found.
    for (const span of made.spans.slice(0, 60)) found.push({ span, snapshot, application: { id: app.id, name: app.name } })
    if (found.length > SPANS) break
  }
  return found
}

const has = (span, pair) => {
  const at = pair.indexOf('=')
  const [key, value] = [pair.slice(0, at), pair.slice(at + 1)]
  return String(span.attributes[key] ?? span.resource[key] ?? '') === value
}

function spans(r) {
  const number = (name, otherwise) => Number(r.query.get(name) ?? otherwise)
  const [min, max, tier] = [number('min_duration_ms', 0), number('max_duration_ms', Infinity), number('tier', 0)]
  const wanted = ({ span }) =>
    span.duration_us >= min * 1000 && span.duration_us <= max * 1000 && (!tier || span.tier.id === tier) && (r.query.get('error') !== 'true' || span.status === 'ERROR') && r.query.getAll('attribute').every((pair) => has(span, pair))
  const all = spansOf(r).filter(wanted)
  const start = Number(r.query.get('cursor') ?? 0)
  const limit = Number(r.query.get('limit') ?? 100)
  const items = all.slice(start, start + limit).map(({ span, snapshot, application }) => ({
    trace_id: snapshot.trace_id, span_id: span.span_id, name: span.name, kind: span.kind, application, tier: span.tier, node: span.node,
    start: Math.round(snapshot.start + span.start_us / 1000), duration_ms: span.duration_us / 1000, status: span.status,
  }))
  const cut = r.query.getAll('attribute').includes('mock=cut') && start === 0
  if (cut) return { items: [], next: '1', partial: { reasons: ['there is too much to look through at once: this page ends where looking ended, and the next one goes on from there; a shorter range or further filters find more at once'] } }
  return { items, next: start + limit < all.length ? String(start + limit) : null }
}

/** Keys, or values of a key, of the spans of the range. */
function suggestions(r, textsOf) {
  const part = (r.query.get('part') ?? '').toLowerCase()
  const limit = Number(r.query.get('limit') ?? 20)
  const looked = spansOf(r)
  const met = new Map()
  for (const { span } of looked) for (const text of textsOf({ ...span.resource, ...span.attributes })) if (text.toLowerCase().includes(part)) met.set(text, (met.get(text) ?? 0) + 1)
  const items = [...met].sort(([a, x], [b, y]) => y - x || a.localeCompare(b)).map(([text, count]) => ({ text, spans: count }))
  const ends = looked.map(({ snapshot }) => snapshot.start)
  return { items: items.slice(0, limit), more: items.length > limit, looked_at: { spans: looked.length, from: ends.at(-1) ?? null, to: ends[0] ?? null, all: looked.length < SPANS } }
}

const saved = new Map()
let lastSaved = 0

function save(r) {
  const known = [...saved.values()].find((search) => search.name === r.body.name)
  const search = { id: known?.id ?? ++lastSaved, name: r.body.name, query: r.body.query, created_at: r.now }
  saved.set(search.id, search)
  return search
}

export const routes = [
  ['GET', /^\/api\/v1\/spans$/, spans],
  ['GET', /^\/api\/v1\/span-attributes$/, (r) => suggestions(r, (attributes) => Object.keys(attributes))],
  ['GET', /^\/api\/v1\/span-attributes\/values$/, (r) => suggestions(r, (attributes) => [attributes[r.query.get('key')]].filter((value) => value !== undefined).map(String))],
  ['GET', /^\/api\/v1\/saved-searches$/, () => ({ items: [...saved.values()], next: null })],
  ['POST', /^\/api\/v1\/saved-searches$/, save],
  ['DELETE', /^\/api\/v1\/saved-searches\/(\d+)$/, (r, id) => (saved.delete(Number(id)) ? undefined : null)],
]
