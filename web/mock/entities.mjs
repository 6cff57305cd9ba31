// What the pages of single entities ask: heat maps, slow beside normal, errors, statements, parts of the map.
import { applications, btEdges, btThing, edgeThing, thingOf } from './topology.mjs'
import { figures, minuteOf, series, sparkline } from './figures.mjs'
import { hex, noise } from './random.mjs'

const MINUTE = 60_000
const ROWS = 26

export const findBt = (id) => {
  for (const app of applications) {
    const bt = app.bts.find((b) => b.id === id)
    if (bt) return { app, bt }
  }
  return null
}

export const findEntity = (id) => {
  for (const app of applications) {
    const entity = app.entities.find((e) => e.id === id)
    if (entity) return { app, entity, thing: thingOf(app, entity) }
  }
  return null
}

const ref = (thing) => ({ id: thing.id, name: thing.name })

/** A thing's calls spread around its mean, and a second hump of slow ones in some minutes. */
function histogram(thing, r) {
  const minutes = series(thing, r.from, r.to, r.now)
  const all = minutes.points
  const first = Math.floor(r.from / MINUTE) * MINUTE
  const length = Math.max(1, Math.ceil((r.to - first) / MINUTE))
  const per = Math.ceil(length / 120 / minutes.minutes_per_point) * minutes.minutes_per_point
  const count = Math.ceil(length / per)
  const low = thing.ms / 12
  const bounds = Array.from({ length: ROWS + 1 }, (_, i) => low * 2 ** (i / 4))
  const columns = Array.from({ length: count }, (_, i) => ({ at: first + i * per * MINUTE, calls: 0, p50_ms: null, p95_ms: null, p99_ms: null }))
  const cells = []
  columns.forEach((column, c) => {
    const points = all.filter((p) => p.at >= column.at && p.at < column.at + per * MINUTE)
    const calls = points.reduce((sum, p) => sum + p.calls, 0)
    if (!calls) return
    const mean = points[0].average_ms
    Object.assign(column, { calls, p50_ms: mean * 0.8, p95_ms: mean * 2.4, p99_ms: mean * 5 })
    const slowMinute = noise(thing.seed, Math.floor(c / 9), 'hump') > 0.7
    const weights = bounds.slice(0, ROWS).map((b) => {
      const from = Math.log2(b / mean)
      return Math.exp(-(from * from) * 1.6) + (slowMinute ? 0.06 * Math.exp(-((from - 3) ** 2) * 4) : 0) + (noise(thing.seed, column.at, b) > 0.97 ? 0.01 : 0)
    })
    const whole = weights.reduce((a, b) => a + b, 0)
    weights.forEach((w, row) => {
      const n = Math.round((calls * w) / whole)
      if (n > 0) cells.push({ column: c, row, calls: n })
    })
  })
  const mean = minutes.totals.average_ms
  const of = (factor) => (mean === null ? null : mean * factor)
  return {
    minutes_per_column: per, columns, bounds_ms: cells.length ? bounds : [], cells,
    percentiles: { p50_ms: of(0.8), p75_ms: of(1.2), p90_ms: of(1.9), p95_ms: of(2.4), p99_ms: of(5) }, filling_from: minutes.filling_from,
  }
}

function comparison({ app, bt }) {
  const tier = (name) => ref(app.entities.find((e) => e.name === name) ?? app.entities.find((e) => e.id === bt.tier))
  if (bt.rate < 3) return { slow_by: 'slowest', slow_from_ms: bt.ms * 2.4, slow: { traces: 2, average_ms: bt.ms * 3 }, normal: { traces: 31, average_ms: bt.ms }, attributes: [], operations: [] }
  const attribute = (where, key, value, slow, normal) => ({ tier: tier(where), key, value, slow, normal, slow_percent: (100 * slow) / 40, normal_percent: (100 * normal) / 38 })
  const operation = (where, name, slow_ms, normal_ms, slow_calls = 1, normal_calls = 1) => ({ tier: tier(where), name, slow_ms, normal_ms, slow_calls, normal_calls })
  return {
    slow_by: 'outcome', slow_from_ms: null, slow: { traces: 40, average_ms: bt.ms * 4.1 }, normal: { traces: 38, average_ms: bt.ms * 0.9 },
    attributes: [
      attribute('payments', 'service.version', '2.4.1', 37, 4), attribute('payments', 'service.version', '2.4.0', 3, 34), attribute('orders', 'db.query.text', 'SELECT id, price FROM products WHERE id IN (?)', 31, 6),
      attribute('storefront', 'user_agent.original', 'PartnerSync/1.0 (+https://partner.example.com/about-the-sync)', 22, 3), attribute('payments', 'host.name', 'payments-2', 29, 18),
    ],
    operations: [
      operation('payments', 'POST', bt.ms * 2.9, bt.ms * 0.35, 3, 1), operation('orders', 'SELECT shop', bt.ms * 0.4, bt.ms * 0.05, 14.2, 2), operation('storefront', 'request handler - /checkout', 2.1, 1.9), operation('orders', 'send orders.placed', 0.2, 2.6, 0.1, 1),
    ],
  }
}

function part(app, edges, entities, r, entry) {
  return {
    application: ref(app),
    nodes: entities.map((e) => ({ id: e.id, kind: e.kind, name: e.name, type: e.type, system: e.system, nodes: e.nodes, entry: entry(e), hints: e.hints, x: null, y: null, pinned: false, figures: figures(thingOf(app, e), r.from, r.to, r.now) })),
    edges: edges.map((e) => ({ from: e.from, to: e.to, type: e.type, async: e.async, resolved: e.resolved, figures: figures(edgeThing(e), r.from, r.to, r.now) })),
    filling_from: minuteOf(r.now),
  }
}

function around({ app, entity }, r) {
  const edges = app.edges.filter((e) => e.from === entity.id || e.to === entity.id)
  const shown = new Set([entity.id, ...edges.flatMap((e) => [e.from, e.to])])
  return part(app, edges, app.entities.filter((e) => shown.has(e.id)), r, (e) => e.entry)
}

export function under({ app, bt }, r) {
  const edges = btEdges(app, bt)
  const shown = new Set([bt.tier, ...edges.flatMap((e) => [e.from, e.to])])
  return part(app, edges, app.entities.filter((e) => shown.has(e.id)), r, (e) => e.id === bt.tier)
}

const STACK = 'Traceback (most recent call last):\n  File "payments/charge.py", line 88, in charge\n    return provider.charge(order)\n  File "payments/provider.py", line 41, in charge\n    raise PaymentUnavailable(attempts)\nPaymentUnavailable: provider answered 503 three times'
export const ERRORS = [
  { id: 1, type: 'PaymentUnavailable', message: 'provider answered {n} three times', tier: { id: 15, name: 'payments' }, rate: 1.3, bts: [105, 107], stack: STACK },
  { id: 2, type: 'BadGateway', message: 'upstream payment failed', tier: { id: 14, name: 'orders' }, rate: 1.2, bts: [105], stack: STACK.replaceAll('payments', 'orders') },
  { id: 3, type: 'OperationalError', message: '({n}, \'Lock wait timeout exceeded; try restarting transaction\')', tier: { id: 14, name: 'orders' }, rate: 0.1, bts: [105, 108], stack: '' },
  { id: 4, type: 'SMTPRecipientsRefused', message: 'recipient {} refused', tier: { id: 17, name: 'mailer' }, rate: 0.15, bts: [], stack: 'Error: recipient refused\n    at Mailer.send (/app/mailer.js:31:11)' },
]

export const errorThing = (e) => ({ seed: `x${e.id}`, rate: e.rate, ms: 0, errors: 0 })

function errorBody(e, r) {
  const thing = errorThing(e)
  const f = figures(thing, r.from, r.to, r.now)
  const bts = e.bts.map((id) => ref(findBt(id).bt))
  return { id: e.id, type: e.type, message: e.message, tier: e.tier, count: f.calls, per_minute: f.calls_per_minute, first_seen: r.from - 86_400_000 * e.id, last_seen: r.now - 20_000 * e.id, sparkline: sparkline(thing, r.from, r.to, r.now), business_transactions: bts, business_transaction_count: bts.length }
}

export function errors(app, r) {
  if (app.id !== 1) return []
  const [bt, tier] = [Number(r.query.get('bt')), Number(r.query.get('tier'))]
  return ERRORS.filter((e) => (!bt || e.bts.includes(bt)) && (!tier || e.tier.id === tier)).map((e) => errorBody(e, r))
}

function errorDetail(e, r) {
  const body = errorBody(e, r)
  const over = series(errorThing(e), r.from, r.to, r.now)
  const hits = body.business_transactions.map((bt, i) => ({ bt, count: Math.round(body.count / (i + 1) / (i ? 3 : 1)) }))
  return { ...body, application: { id: 1, name: 'shop-production' }, minutes_per_point: over.minutes_per_point, points: over.points.map((p) => ({ at: p.at, count: p.calls })), filling_from: over.filling_from, hits }
}

function errorSamples(e, r) {
  const sample = (n, seen, stack, message) => ({ message, stack, seen, at: r.now - n * 130_000, node: { id: e.tier.id * 100, name: `${e.tier.name}-7d9f-1` }, trace_id: `1${hex(`error${e.id}${n}`, 31)}`, span_id: hex(`span${n}`, 16) })
  return { items: [sample(1, 17, e.stack, e.message.replace('{n}', '503')), sample(3, 2, e.stack && `${e.stack}\n(again, after a retry)`, e.message.replace('{n}', '502'))], traces: 25, logs: 0 }
}

const STATEMENTS = {
  DATABASE: ['SELECT id, name, price FROM products ORDER BY rank LIMIT ?', 'SELECT quantity FROM stock WHERE product_id = ?', 'INSERT INTO order_lines (order_id, product_id, quantity) VALUES (?, ?, ?)', 'UPDATE stock SET quantity = quantity - ? WHERE product_id = ?'],
  CACHE: ['GET ?', 'SET ? ?'], HTTP: ['POST /v1/charges', 'GET /v1/charges'], MESSAGING: ['send orders.placed'],
}

function statements({ app, entity }) {
  const callers = app.edges.filter((e) => e.to === entity.id).map((e) => app.entities.find((o) => o.id === e.from))
  const texts = callers.length ? (STATEMENTS[entity.type] ?? []) : []
  const rows = texts.map((text, i) => ({ text, tier: ref(callers[i % callers.length]), calls: 140 - 30 * i, errors: i === 1 ? 3 : 0, total_ms: 900 / (i + 1), average_ms: 900 / (i + 1) / (140 - 30 * i), max_ms: 160 / (i + 1), slowest_trace_id: `c${hex(text, 31)}`, slowest_span_id: hex(`${text}s`, 16) }))
  const time = rows.reduce((sum, row) => sum + row.total_ms, 0)
  return { items: rows.map((row) => ({ ...row, share_percent: (100 * row.total_ms) / time })), traces: rows.length ? 64 : 0, calls: rows.reduce((sum, row) => sum + row.calls, 0) }
}

const at = (found, make) => found && make(found)
const btAt = (make) => (r, id) => at(findBt(Number(id)), (found) => make(found, r))
const entityAt = (make) => (r, id) => at(findEntity(Number(id)), (found) => make(found, r))
const errorAt = (make) => (r, id) => at(ERRORS.find((e) => e.id === Number(id)) ?? null, (found) => make(found, r))

function applicationMap(r) {
  const node = (app) => ({ id: app.id, kind: 'application', name: app.name, type: 'application', system: null, nodes: app.entities.reduce((n, e) => n + e.nodes, 0), entry: true, hints: [], x: null, y: null, pinned: false, figures: figures({ seed: `a${app.id}`, rate: 90 * app.id, ms: 40, errors: app.id === 1 ? 0.012 : 0.0004 }, r.from, r.to, r.now) })
  const edge = (from, to, rate) => ({ from, to, type: 'HTTP', async: false, resolved: true, figures: figures({ seed: `aa${from}${to}`, rate, ms: 22, errors: 0.001 }, r.from, r.to, r.now) })
  const shared = (id, kind, system, name) => ({ id, kind, name, type: kind === 'queue' ? 'MESSAGING' : 'DATABASE', system, nodes: 0, entry: false, hints: [], x: null, y: null, pinned: false, figures: figures({ seed: `sh${id}`, rate: 59, ms: 8, errors: 0 }, r.from, r.to, r.now) })
  return { application: { id: 0, name: 'All applications' }, nodes: [...applications.map(node), shared(9001, 'queue', 'kafka', 'orders.placed'), shared(9002, 'backend', 'mysql', 'ledger-db:3306/ledger')], edges: [edge(1, 2, 24), edge(2, 3, 160), { ...edge(1, 9001, 59), type: 'MESSAGING', async: true }, { ...edge(9001, 3, 59), type: 'MESSAGING', async: true }, { ...edge(1, 9002, 31), type: 'DATABASE', resolved: false }, { ...edge(2, 9002, 12), type: 'DATABASE', resolved: false }], filling_from: minuteOf(r.now) }
}

export const entityRoutes = [
  ['GET', /^\/api\/v1\/flow-map$/, applicationMap],
  ['GET', /^\/api\/v1\/business-transactions\/(\d+)\/histogram$/, btAt(({ bt }, r) => histogram(btThing(bt), r))],
  ['GET', /^\/api\/v1\/(?:tiers|backends)\/(\d+)\/histogram$/, entityAt(({ thing }, r) => histogram(thing, r))],
  ['GET', /^\/api\/v1\/business-transactions\/(\d+)\/comparison$/, btAt(comparison)],
  ['GET', /^\/api\/v1\/business-transactions\/(\d+)\/flow-map$/, btAt(under)],
  ['GET', /^\/api\/v1\/(?:tiers|backends)\/(\d+)\/flow-map$/, entityAt(around)],
  ['GET', /^\/api\/v1\/errors\/(\d+)$/, errorAt(errorDetail)],
  ['GET', /^\/api\/v1\/errors\/(\d+)\/samples$/, errorAt(errorSamples)],
  ['GET', /^\/api\/v1\/backends\/(\d+)\/statements$/, entityAt(statements)],
  ['GET', /^\/api\/v1\/backends\/(\d+)$/, entityAt(({ app, entity, thing }, r) => ({
    id: entity.id, name: entity.name, type: entity.type, system: entity.system, address: entity.name.split('/')[0], figures: figures(thing, r.from, r.to, r.now), application: ref(app), first_seen: r.from - 86_400_000, last_seen: r.now - 3000,
    business_transactions: app.bts.filter((bt) => btEdges(app, bt).some((e) => e.to === entity.id)).map((bt) => ({ bt: ref(bt), figures: figures(btThing(bt), r.from, r.to, r.now) })),
  }))],
  ['GET', /^\/api\/v1\/tiers\/(\d+)$/, entityAt(({ app, entity, thing }, r) => ({ id: entity.id, name: entity.name, kind: 'tier', nodes: entity.nodes, runtime: entity.runtime, agent: entity.agent, figures: figures(thing, r.from, r.to, r.now), hints: entity.hints, application: ref(app), first_seen: r.from - 86_400_000, last_seen: r.now - 3000, historical_nodes: 1 }))],
]
