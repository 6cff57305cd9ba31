// Made-up log records: a few a second of each application, the same whenever they are asked for.
import { noise } from './random.mjs'
import { applications, nodeName } from './topology.mjs'
import { trace } from './trace.mjs'

const STEP = 4_000
const LEVELS = ['UNSPECIFIED', 'TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL']
const TEXTS = {
  DEBUG: ['cache miss for product {n}', 'pool has {n} idle connections'],
  INFO: ['handled GET /products/{n} in 27 ms', 'order {n} placed by customer 81{n}', 'GET /healthz 200'],
  WARN: ['retrying payment of order {n}: provider answered 503', 'slow query took {n} ms: SELECT * FROM orders WHERE customer = ?'],
  ERROR: ['payment of order {n} failed: provider answered 503 three times\nTraceback (most recent call last):\n  File "app/checkout.py", line 118, in pay\n    provider.charge(order)\nPaymentUnavailable: provider answered 503 three times'],
}
const LOGGERS = ['app.checkout', 'app.catalog', 'werkzeug', 'sqlalchemy.engine']

const hex = (text, length) => Array.from({ length }, (_, i) => Math.floor(noise(text, i, 'h') * 16).toString(16)).join('')

function record(app, slot) {
  const n = (key) => noise(`l${app.id}`, slot, key)
  if (n('skip') < 0.25) return null
  const tiers = app.entities.filter((e) => e.kind === 'tier')
  const tier = tiers[Math.floor(n('tier') * Math.min(tiers.length, 7))]
  const roll = n('level') + (Math.floor(slot / 90_000_000) % 7 === 0 ? 0.06 : 0)
  const severity = roll > 0.985 ? 'ERROR' : roll > 0.93 ? 'WARN' : roll > 0.22 ? 'INFO' : 'DEBUG'
  const texts = TEXTS[severity]
  const logger = LOGGERS[Math.floor(n('logger') * LOGGERS.length)]
  const traced = n('traced') < 0.5
  return {
    id: hex(`${app.id}-${slot}`, 16), at: slot + Math.floor(n('ms') * STEP), severity, body: texts[Math.floor(n('text') * texts.length)].replaceAll('{n}', String(100 + Math.floor(n('n') * 900))), logger,
    application: { id: app.id, name: app.name }, tier: { id: tier.id, name: tier.name }, node: { id: tier.id * 100, name: nodeName(app, tier, 0) },
    trace_id: traced ? hex(`t${app.id}-${slot}`, 32).replace(/^0/, '1') : null, span_id: traced ? hex(`s${slot}`, 16) : null,
    attributes: { 'otel.scope.name': logger, 'code.lineno': 10 + Math.floor(n('line') * 200), 'thread.name': 'worker-1' },
  }
}

function ofTrace(id, from) {
  return trace(id, from).spans.filter((s) => s.role === 'entry').slice(0, 40).map((s, i) => ({
    id: hex(`${id}${i}`, 16), at: from + s.start_us / 1000 + 3, severity: s.status === 'ERROR' ? 'ERROR' : i % 3 === 2 ? 'WARN' : 'INFO', body: s.status === 'ERROR' ? `${s.name} failed: ${s.status_message}` : `handled ${s.name}`, logger: null,
    application: { id: 1, name: 'shop-production' }, tier: s.tier, node: s.node, trace_id: id, span_id: s.span_id, attributes: { 'code.filepath': 'app/views.py' },
  })).sort((a, b) => b.at - a.at)
}

function between(r) {
  const id = r.query.get('trace_id')
  if (id) return ofTrace(id, r.from)
  const found = []
  // At most some ten thousand: the mock makes each when asked.
  const step = STEP * Math.max(1, Math.ceil((r.to - r.from) / STEP / 10_000))
  for (const app of applications) {
    for (let slot = Math.floor(r.from / step) * step; slot < Math.min(r.to, r.now); slot += step) {
      const made = record(app, slot)
      if (made && made.at >= r.from && made.at < Math.min(r.to, r.now)) found.push(made)
    }
  }
  return found.sort((a, b) => b.at - a.at)
}

const checks = {
  application: (r) => (log) => !r.query.get('application') || log.application.id === Number(r.query.get('application')),
  severity: (r) => (log) => r.query.getAll('severity').length === 0 || r.query.getAll('severity').includes(log.severity),
  tier: (r) => (log) => !r.query.get('tier') || log.tier.id === Number(r.query.get('tier')),
  node: (r) => (log) => !r.query.get('node') || log.node.id === Number(r.query.get('node')),
  logger: (r) => (log) => !r.query.get('logger') || log.logger === r.query.get('logger'),
  rest: (r) => (log) => log.body.toLowerCase().includes((r.query.get('text') ?? '').toLowerCase()) && r.query.getAll('attribute').every((a) => String(log.attributes[a.split('=')[0]]) === a.slice(a.indexOf('=') + 1)),
}
const passing = (r, all, but = null) => all.filter((log) => Object.entries(checks).every(([name, check]) => name === but || check(r)(log)))

export const logs = (r) => passing(r, between(r))

const counted = (all, of) => {
  const counts = new Map()
  for (const log of all) counts.set(of(log), (counts.get(of(log)) ?? 0) + 1)
  return [...counts].sort((a, b) => b[1] - a[1])
}

export function logSummary(r) {
  const all = between(r)
  const found = passing(r, all)
  const wanted = Number(r.query.get('bars') ?? 60)
  const width = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 604800].find((s) => Math.ceil((r.to - r.from) / 1000 / s) < wanted) * 1000
  const bars = []
  for (let at = Math.floor(r.from / width) * width; at < r.to; at += width) bars.push({ at, counts: LEVELS.map(() => 0) })
  for (const log of found) bars[Math.floor(log.at / width) - bars[0].at / width].counts[LEVELS.indexOf(log.severity)] += 1
  const entities = (name) => ({ items: counted(passing(r, all, name), (l) => l[name].id).slice(0, 50).map(([id, count]) => ({ id, name: all.find((l) => l[name].id === id)[name].name, application: all.find((l) => l[name].id === id).application, count })), others: 0 })
  const values = (list) => list.map(([value, count]) => ({ value, count }))
  return {
    bar_ms: width, bars, severities: LEVELS, total: found.length, complete_from: null, partial: null,
    by_severity: values(counted(passing(r, all, 'severity'), (l) => l.severity)).sort((a, b) => LEVELS.indexOf(b.value) - LEVELS.indexOf(a.value)),
    by_application: entities('application'), by_tier: entities('tier'), by_node: entities('node'), by_logger: { items: values(counted(passing(r, all, 'logger'), (l) => l.logger)), others: 0 },
  }
}
