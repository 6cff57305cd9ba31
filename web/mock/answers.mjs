// What each path of /api/v1 answers. A handler takes the request's facts and returns a body.
import { access } from './access.mjs'
import { administration } from './administration.mjs'
import { alerting } from './alerting.mjs'
import { anomalyRoutes } from './anomalies.mjs'
import { applications, applicationThing, btEdges, btThing, edgeThing, thingOf } from './topology.mjs'
import { baselineRoutes } from './baselines.mjs'
import { figures, minuteOf, series, sparkline } from './figures.mjs'
import { entityRoutes, errors, findBt, findEntity } from './entities.mjs'
import { eventRoutes } from './events.mjs'
import { nodeMetricData, nodeRoutes, nodes } from './nodes.mjs'
import { healthRules } from './healthRules.mjs'
import { groupRoutes, isExcluded, saidOf } from './groups.mjs'
import { layoutRoutes } from './layouts.mjs'
import { logs, logSummary } from './logs.mjs'
import { data, level, search } from './metrics.mjs'
import { rawPoints, rawSeries } from './rawSeries.mjs'
import { snapshots, trace } from './trace.mjs'
import { routes as traceRoutes } from './traces.mjs'

/** Positions people stored, per application: id → {x, y, pinned}. */
const layouts = new Map()
const marks = new Map()
const promoted = new Set()
const withBackground = new Set()
const layoutOf = (app) => layouts.get(app.id) ?? layouts.set(app.id, new Map()).get(app.id)

const page = (items, { query }) => {
  const start = Number(query.get('cursor') ?? 0)
  const limit = Math.min(1000, Number(query.get('limit') ?? 100))
  return { items: items.slice(start, start + limit), next: start + limit < items.length ? String(start + limit) : null }
}

function applicationBody(app, r) {
  const thing = applicationThing(app)
  const tiers = app.entities.filter((e) => e.kind === 'tier')
  return {
    id: app.id, name: app.name, tiers: tiers.length, nodes: tiers.reduce((s, t) => s + t.nodes, 0), business_transactions: app.bts.length,
    background_counts: withBackground.has(app.id), figures: figures(thing, r.from, r.to, r.now), sparkline: sparkline(thing, r.from, r.to, r.now),
  }
}

function btBody(app, bt, r) {
  const tier = app.entities.find((e) => e.id === bt.tier)
  return {
    id: bt.id, name: bt.name, tier: { id: tier.id, name: tier.name }, entry_type: bt.entry_type, ...saidOf(app, bt), health_check: bt.health_check,
    other_traffic: bt.other_traffic, long_lived: bt.long_lived, long_lived_marked: marks.get(bt.id) ?? null, figures: figures(btThing(bt), r.from, r.to, r.now), sparkline: sparkline(btThing(bt), r.from, r.to, r.now),
  }
}

/** Two routes of the shop's storefront that came when there was no place for them. */
function waiting(app, r) {
  const tier = app.entities.find((e) => e.id === Number(r.query.get('tier')))
  if (app.id !== 1 || tier?.name !== 'storefront') return []
  return [[181, 'GET /wishlist', 1.9], [182, 'POST /feedback', 0.7]].map(([id, name, rate]) => ({
    id, name, tier: { id: tier.id, name: tier.name }, entry_type: 'HTTP', promoted: promoted.has(id), last_seen_ms: r.now - id * 100,
    figures: figures(btThing({ id, name, rate, ms: 4, errors: 0 }), r.from, r.to, r.now),
  }))
}

const isUncalled = (app, entity) => !entity.entry && app.edges.every((e) => e.to !== entity.id) && app.bts.every((b) => b.tier !== entity.id)

function flowMap(app, r) {
  const bt = r.query.get('bt') ? app.bts.find((b) => b.id === Number(r.query.get('bt'))) : null
  const edges = bt ? btEdges(app, bt) : app.edges
  const touched = bt && new Set([bt.tier, ...edges.flatMap((e) => [e.from, e.to])])
  const entities = touched ? app.entities.filter((e) => touched.has(e.id)) : app.entities
  const layout = layoutOf(app)
  return {
    application: { id: app.id, name: app.name },
    nodes: entities.map((e) => {
      const { x = null, y = null, pinned = false } = layout.get(e.id) ?? {}
      return { id: e.id, kind: e.kind, name: e.name, type: e.type, system: e.system, nodes: e.nodes, entry: bt ? e.id === bt.tier : e.entry, hints: e.hints, x, y, pinned, figures: isUncalled(app, e) ? null : figures(bt && e.id === bt.tier ? btThing(bt) : thingOf({ ...app, edges, bts: bt ? [] : app.bts }, e), r.from, r.to, r.now) }
    }),
    edges: edges.map((e) => ({ from: e.from, to: e.to, type: e.type, async: e.async, resolved: e.resolved, figures: figures(edgeThing(e), r.from, r.to, r.now) })),
    filling_from: minuteOf(r.now),
  }
}

function backends(app, r) {
  return app.entities.filter((e) => e.kind !== 'tier').map((e) => ({ id: e.id, name: e.name, type: e.type, system: e.system, address: e.name.split('/')[0], figures: figures(thingOf(app, e), r.from, r.to, r.now) }))
}

const refused = (now, i, attempt) => ({ at: now - 15_000 * (i + 1), count: 1, tier: null, ...attempt })
function attempts(now) {
  return { items: [
    refused(now, 0, { sender: '10.4.1.23', transport: 'HTTP', path: '/v1/traces', result: 'refused', code: 'unknown_access_key', message: 'The access key is not known here.', remedy: 'Copy the key from this page into OTEL_EXPORTER_OTLP_HEADERS.', count: 12 }),
    refused(now, 1, { sender: '10.4.1.23', transport: 'TLS', path: '', result: 'failed', code: 'tls_not_trusted', message: 'The agent closed the connection: unknown certificate authority.', remedy: 'Download the CA and set OTEL_EXPORTER_OTLP_CERTIFICATE to its file.' }),
    refused(now, 3, { sender: '10.4.1.40', transport: 'HTTP', path: '/v1/trace', result: 'refused', code: 'wrong_path', message: 'Nothing listens on /v1/trace.', remedy: 'Set OTEL_EXPORTER_OTLP_ENDPOINT to the address without a path.' }),
    refused(now, 6, { sender: '10.4.1.9', transport: 'gRPC', path: '/opentelemetry.proto.collector.trace.v1.TraceService/Export', result: 'accepted', code: 'ok', message: '42 spans accepted.', remedy: '', tier: 'storefront' }),
  ] }
}

const withApp = (handler) => (r, id) => {
  const app = applications.find((a) => a.id === Number(id))
  return app ? handler(app, r) : null
}

const FINGERPRINT = '3F:A1:9C:52:77:0E:B4:18:6D:C3:91:2A:55:E8:04:BF:7A:66:D1:30:9E:4B:C8:12:F5:83:2D:A7:60:19:EC:44'

/** [method, pattern, handler(request, ...groups)]; null answers 404. */
export const routes = [
  ...access,
  ...administration,
  ...alerting,
  ...healthRules,
  ...anomalyRoutes,
  ...baselineRoutes,
  ...entityRoutes,
  ...nodeRoutes,
  ...eventRoutes,
  ['GET', /^\/api\/v1\/connect$/, (r) => ({ https_url: `https://${r.host}`, otlp_http_url: `https://${r.host}`, otlp_grpc_url: `https://${r.host}`, access_key: 'vk_4pWm2Zt8QeR1sYc7', ca_path: '/ca.pem', ca_fingerprint_sha256: FINGERPRINT, names: ['apm.example.com', '10.4.1.2'], loopback: { grpc: '127.0.0.1:4317', http: '127.0.0.1:4318' } })],
  ['GET', /^\/api\/v1\/connect\/attempts$/, (r) => attempts(r.now)],
  ['GET', /^\/api\/v1\/applications$/, (r) => page(r.empty ? [] : applications.map((a) => applicationBody(a, r)), r)],
  ['GET', /^\/api\/v1\/applications\/(\d+)$/, withApp((app, r) => ({ ...applicationBody(app, r), hints: app.entities.flatMap((e) => e.hints.map((message) => ({ entity_id: e.id, message: `${e.name}: ${message}` }))) }))],
  ['GET', /^\/api\/v1\/applications\/(\d+)\/flow-map$/, withApp(flowMap)],
  ['PUT', /^\/api\/v1\/applications\/(\d+)\/flow-map\/layout$/, withApp((app, r) => {
    for (const p of r.body.positions) layoutOf(app).set(p.id, p)
    return undefined
  })],
  ['GET', /^\/api\/v1\/applications\/(\d+)\/series$/, withApp((app, r) => series(applicationThing(app), r.from, r.to, r.now, { choice: r.query.get('baseline'), application: app.id }))],
  ['GET', /^\/api\/v1\/applications\/(\d+)\/business-transactions$/, withApp((app, r) => page(app.bts.filter((b) => isExcluded(b) === (r.query.get('excluded') === 'true')).map((b) => btBody(app, b, r)), r))],
  ['GET', /^\/api\/v1\/applications\/(\d+)\/tiers$/, withApp((app, r) => page(app.entities.filter((e) => e.kind === 'tier').map((t) => ({ id: t.id, name: t.name, kind: 'tier', nodes: t.nodes, runtime: t.runtime, agent: t.agent, figures: figures(thingOf(app, t), r.from, r.to, r.now), hints: [] })), r))],
  ['GET', /^\/api\/v1\/applications\/(\d+)\/nodes$/, withApp((app, r) => page(nodes(app, r), r))],
  ['GET', /^\/api\/v1\/applications\/(\d+)\/backends$/, withApp((app, r) => page(backends(app, r), r))],
  ['GET', /^\/api\/v1\/applications\/(\d+)\/service-endpoints$/, withApp((app, r) => page(app.bts.filter((b) => !r.query.get('tier') || b.tier === Number(r.query.get('tier'))).map((b) => ({ id: b.id, name: b.name, tier: { id: b.tier, name: app.entities.find((e) => e.id === b.tier).name }, figures: figures(btThing(b), r.from, r.to, r.now) })), r))],
  ['GET', /^\/api\/v1\/applications\/(\d+)\/errors$/, withApp((app, r) => page(errors(app, r), r))],
  ['GET', /^\/api\/v1\/business-transactions\/(\d+)$/, (r, id) => {
    const found = findBt(Number(id))
    return found && { ...btBody(found.app, found.bt, r), application: { id: found.app.id, name: found.app.name } }
  }],
  ['PUT', /^\/api\/v1\/business-transactions\/(\d+)\/long-lived$/, (r, id) => {
    marks.set(Number(id), r.body.marked)
    return { marked: r.body.marked }
  }],
  ['PUT', /^\/api\/v1\/business-transactions\/(\d+)\/promotion$/, (r, id) => {
    promoted[r.body.promoted ? 'add' : 'delete'](Number(id))
    return r.body
  }],
  ['PUT', /^\/api\/v1\/applications\/(\d+)\/key-figures$/, withApp((app, r) => {
    withBackground[r.body.background_counts ? 'add' : 'delete'](app.id)
    return r.body
  })],
  ['GET', /^\/api\/v1\/applications\/(\d+)\/waiting-transactions$/, withApp((app, r) => page(waiting(app, r), r))],
  ['GET', /^\/api\/v1\/business-transactions\/(\d+)\/series$/, (r, id) => {
    const found = findBt(Number(id))
    return found && series(btThing(found.bt), r.from, r.to, r.now, { choice: r.query.get('baseline'), application: found.app?.id ?? 1 })
  }],
  ['GET', /^\/api\/v1\/(?:tiers|backends|nodes)\/(\d+)\/series$/, (r, id) => {
    const thing = findEntity(Number(id))?.thing
    return thing && series(thing, r.from, r.to, r.now, { choice: r.query.get('baseline') })
  }],
  ['GET', /^\/api\/v1\/snapshots$/, (r) => {
    const bt = Number(r.query.get('bt')) || null
    const app = bt ? findBt(bt)?.app : applications.find((a) => a.id === Number(r.query.get('application') ?? 1))
    const outcome = r.query.get('outcome')?.split(',')
    return page(snapshots(app ?? applications[0], r.from, r.to, { bt, outcome, tier: Number(r.query.get('tier')) || null, kept: r.query.get('kept') !== 'false', min: Number(r.query.get('min_duration_ms') ?? 0), max: Number(r.query.get('max_duration_ms') ?? Infinity) }), r)
  }],
  ['GET', /^\/api\/v1\/traces\/([0-9a-f]{32})$/, (r, id) => (id.startsWith('0000') ? null : trace(id, r.now - 600_000))],
  ['GET', /^\/api\/v1\/logs$/, (r) => page(logs(r), r)],
  ...traceRoutes,
  ...groupRoutes(btBody),
  ...layoutRoutes,
  ['GET', /^\/api\/v1\/metric-series$/, (r) => page(rawSeries(r), r)],
  ['GET', /^\/api\/v1\/metric-series\/points$/, rawPoints],
  ['GET', /^\/api\/v1\/logs\/summary$/, logSummary],
  ['GET', /^\/api\/v1\/applications\/(\d+)\/metrics$/, withApp(level)],
  ['GET', /^\/api\/v1\/applications\/(\d+)\/metrics\/search$/, withApp((app, r) => page(search(app, r), r))],
  ['GET', /^\/api\/v1\/applications\/(\d+)\/metric-data$/, withApp((app, r) => nodeMetricData(app, r) ?? data(app, r))],
]

export const about = (now) => ({ product: 'Vedette', version: '0.1.0', ca_fingerprint_sha256: FINGERPRINT, ca_url: '/ca.pem', server_time: now, newest_complete_minute: minuteOf(now) - 60_000 })
