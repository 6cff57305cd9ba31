// Traces and snapshots. A trace is made from its id alone, so a link always opens the same one.
// Ids that begin with `ffff` are the large case: 10,000 spans.
import { generator, hex, noise } from './random.mjs'

export const LARGE_TRACE = 'ffff' + hex('large', 28)
const TIERS = { storefront: 11, catalog: 12, cart: 13, orders: 14, payments: 15, fulfilment: 16, mailer: 17 }
const BACKENDS = { 'shop-db:3306/shop': [21, 'DATABASE'], 'redis:6379': [22, 'CACHE'], 'pay.example.com:443': [23, 'HTTP'], 'orders.placed': [24, 'MESSAGING'], 'mail.outgoing': [25, 'MESSAGING'] }

class Builder {
  constructor(id) {
    this.id = id
    this.random = generator(id)
    this.spans = []
  }

  add(parent, tier, name, kind, role, start, duration, more = {}) {
    const index = this.spans.length
    const node = `${tier}-${1 + Math.floor(noise(this.id, tier) * 2)}`
    const span = {
      span_id: hex(`${this.id}${index}`, 16), parent_span_id: parent?.span_id ?? null, name, kind, role,
      tier: { id: TIERS[tier], name: tier }, node: { id: TIERS[tier] * 10, name: node },
      start_us: Math.round(start), skew_us: 0, duration_us: Math.max(1, Math.round(duration)), self_us: 0,
      status: 'UNSET', status_message: '', exit: null, attributes: {}, resource: resourceOf(tier, node),
      scope: tier === 'storefront' || tier === 'cart' || tier === 'mailer' ? '@opentelemetry/instrumentation-http' : 'opentelemetry.instrumentation.flask',
      events: [], links: [], critical: false, ...more,
    }
    this.spans.push(span)
    return span
  }

  exit(parent, tier, target, name, start, duration, attributes) {
    const [id, type] = BACKENDS[target] ?? [TIERS[target], 'HTTP']
    const kind = type === 'MESSAGING' ? 'PRODUCER' : 'CLIENT'
    return this.add(parent, tier, name, kind, 'exit', start, duration, { exit: { type, target: { id, name: target, kind: BACKENDS[target] ? (type === 'MESSAGING' ? 'queue' : 'backend') : 'tier' } }, attributes })
  }
}

const resourceOf = (tier, node) => ({
  'service.name': tier, 'service.namespace': 'shop', 'deployment.environment.name': 'production', 'host.name': node,
  'telemetry.sdk.language': tier === 'storefront' ? 'nodejs' : 'python', 'telemetry.sdk.name': 'opentelemetry', 'telemetry.sdk.version': '1.45.1', 'process.pid': 4211,
})

const http = (method, path, status) => ({ 'http.request.method': method, 'url.path': path, 'http.response.status_code': status, 'server.address': 'storefront', 'network.protocol.version': '1.1' })
const sql = (text) => ({ 'db.system.name': 'mysql', 'db.namespace': 'shop', 'db.query.text': text, 'server.address': 'shop-db', 'server.port': 3306 })

function checkout(b, failed) {
  const r = b.random
  const total = failed ? 1_240_000 : r.between(190_000, 300_000)
  const root = b.add(null, 'storefront', 'POST /checkout', 'SERVER', 'entry', 0, total, { attributes: { ...http('POST', '/checkout', failed ? 502 : 200), 'user_agent.original': 'Mozilla/5.0', 'client.address': '10.4.1.77' } })
  b.add(root, 'storefront', 'middleware - session', 'INTERNAL', 'internal', 400, 900)
  const handler = b.add(root, 'storefront', 'request handler - /checkout', 'INTERNAL', 'internal', 1500, total - 2200)
  const call = b.exit(handler, 'storefront', 'orders', 'POST', 3000, total - 5000, http('POST', '/orders', failed ? 502 : 201))
  const orders = b.add(call, 'orders', 'POST /orders', 'SERVER', 'entry', 5200, total - 9000, { attributes: http('POST', '/orders', failed ? 502 : 201) })
  let at = 8000
  for (const text of ['SELECT id, price FROM products WHERE id IN (?)', 'SELECT quantity FROM stock WHERE product_id = ?', 'INSERT INTO orders (customer, total) VALUES (?, ?)', 'INSERT INTO order_lines (order_id, product_id, quantity) VALUES (?, ?, ?)']) {
    const took = r.between(3000, 12_000)
    b.exit(orders, 'orders', 'shop-db:3306/shop', `${text.split(' ')[0]} shop`, at, took, sql(text))
    at += took + r.between(300, 1200)
  }
  const payCall = b.exit(orders, 'orders', 'payments', 'POST', at, total - at - 22_000, http('POST', '/charge', failed ? 502 : 200))
  const payments = b.add(payCall, 'payments', 'POST /charge', 'SERVER', 'entry', at + 1800, total - at - 26_000, { attributes: http('POST', '/charge', failed ? 502 : 200) })
  const attempts = failed ? 3 : 1
  const each = (total - at - 40_000) / attempts
  for (let i = 0; i < attempts; i++) {
    const span = b.exit(payments, 'payments', 'pay.example.com:443', 'POST', at + 6000 + i * each, each - 3000, http('POST', '/v1/charges', failed ? 503 : 200))
    if (failed) Object.assign(span, { status: 'ERROR', status_message: '503 Service Unavailable' })
  }
  if (failed) {
    for (const span of [root, orders, payments, call, payCall]) Object.assign(span, { status: 'ERROR', status_message: 'upstream payment failed' })
    payments.events.push({ offset_us: payments.start_us + payments.duration_us - 2000, name: 'exception', attributes: { 'exception.type': 'PaymentUnavailable', 'exception.message': 'provider answered 503 three times', 'exception.stacktrace': 'Traceback (most recent call last):\n  File "payments/charge.py", line 88, in charge\n    return provider.charge(order)\n  File "payments/provider.py", line 41, in charge\n    raise PaymentUnavailable(attempts)\nPaymentUnavailable: provider answered 503 three times' } })
    return total
  }
  const publish = b.exit(orders, 'orders', 'orders.placed', 'send orders.placed', total - 18_000, 2600, { 'messaging.system': 'rabbitmq', 'messaging.destination.name': 'orders.placed', 'messaging.operation.type': 'send' })
  const worker = b.add(publish, 'fulfilment', 'process orders.placed', 'CONSUMER', 'entry', total + 14_000, 312_000, { attributes: { 'messaging.system': 'rabbitmq', 'messaging.destination.name': 'orders.placed' } })
  b.exit(worker, 'fulfilment', 'shop-db:3306/shop', 'UPDATE shop', total + 20_000, 14_000, sql('UPDATE stock SET quantity = quantity - ? WHERE product_id = ?'))
  b.add(worker, 'fulfilment', 'reserve courier', 'INTERNAL', 'internal', total + 40_000, 210_000)
  const mail = b.exit(worker, 'fulfilment', 'mail.outgoing', 'send mail.outgoing', total + 300_000, 3100, { 'messaging.system': 'rabbitmq', 'messaging.destination.name': 'mail.outgoing' })
  b.add(mail, 'mailer', 'process mail.outgoing', 'CONSUMER', 'entry', total + 320_000, 84_000, { skew_us: -1800, attributes: { 'messaging.system': 'rabbitmq' } })
  return total + 404_000
}

function browse(b) {
  const total = b.random.between(18_000, 44_000)
  const root = b.add(null, 'storefront', 'GET /products', 'SERVER', 'entry', 0, total, { attributes: http('GET', '/products', 200) })
  const call = b.exit(root, 'storefront', 'catalog', 'GET', 1500, total - 3000, http('GET', '/products', 200))
  const catalog = b.add(call, 'catalog', 'GET /products', 'SERVER', 'entry', 2600, total - 5200, { attributes: http('GET', '/products', 200) })
  b.exit(catalog, 'catalog', 'redis:6379', 'GET', 3400, 700, { 'db.system.name': 'redis', 'db.query.text': 'GET ?' })
  b.exit(catalog, 'catalog', 'shop-db:3306/shop', 'SELECT shop', 5000, total * 0.4, sql('SELECT id, name, price FROM products ORDER BY rank LIMIT ?'))
  b.exit(catalog, 'catalog', 'redis:6379', 'SET', 5000 + total * 0.42, 800, { 'db.system.name': 'redis', 'db.query.text': 'SET ? ?' })
  return total
}

function large(b) {
  const total = 9_400_000
  const root = b.add(null, 'storefront', 'GET /export/orders', 'SERVER', 'entry', 0, total, { attributes: http('GET', '/export/orders', 200) })
  const call = b.exit(root, 'storefront', 'orders', 'GET', 2000, total - 6000, http('GET', '/orders/export', 200))
  const orders = b.add(call, 'orders', 'GET /orders/export', 'SERVER', 'entry', 4000, total - 12_000, { attributes: http('GET', '/orders/export', 200) })
  const pages = 120
  for (let p = 0; p < pages; p++) {
    const width = (total - 40_000) / pages
    const start = 12_000 + p * width
    const page = b.add(orders, 'orders', `render page ${p + 1}`, 'INTERNAL', 'internal', start, width * 0.96)
    let at = start + 300
    while (b.spans.length < 3 + (p + 1) * ((10_000 - 3) / pages) - 0.5) {
      const took = b.random.between(200, 900)
      const span = b.exit(page, 'orders', 'shop-db:3306/shop', 'SELECT shop', at, took, sql('SELECT name FROM customers WHERE id = ?'))
      if (b.random.next() > 0.997) Object.assign(span, { status: 'ERROR', status_message: 'lock wait timeout exceeded' })
      at += took + 20
    }
  }
  return total
}

/** Self time = own duration less the union of its children's, and the critical path from each span's end backwards. */
function finish(spans) {
  const children = new Map()
  for (const s of spans) if (s.parent_span_id) children.set(s.parent_span_id, [...(children.get(s.parent_span_id) ?? []), s])
  for (const s of spans) {
    const covered = (children.get(s.span_id) ?? []).reduce((sum, c) => sum + Math.max(0, Math.min(c.start_us + c.duration_us, s.start_us + s.duration_us) - Math.max(c.start_us, s.start_us)), 0)
    s.self_us = Math.max(0, s.duration_us - covered)
  }
  const walk = (span) => {
    span.critical = true
    let end = span.start_us + span.duration_us
    for (const child of [...(children.get(span.span_id) ?? [])].sort((a, b) => b.start_us + b.duration_us - a.start_us - a.duration_us)) {
      if (child.start_us + child.duration_us <= end + 1) { walk(child); end = child.start_us }
    }
  }
  walk(spans[0])
}

const cache = new Map()

export function trace(id, start) {
  if (cache.has(id)) return { ...cache.get(id), start }
  const b = new Builder(id)
  const kind = id === LARGE_TRACE ? 'large' : id[0] < '4' ? 'failed' : id[0] < 'a' ? 'checkout' : 'browse'
  const total = kind === 'large' ? large(b) : kind === 'browse' ? browse(b) : checkout(b, kind === 'failed')
  finish(b.spans)
  const made = {
    trace_id: id, start, duration_ms: total / 1000, partial: null, dropped_spans: kind === 'large' ? 214 : 0,
    bts: [{ id: kind === 'browse' ? 101 : 105, name: b.spans[0].name, application: { id: 1, name: 'shop-production' }, outcome: kind === 'failed' ? 'ERROR' : kind === 'large' ? 'VERY_SLOW' : 'NORMAL', reason: kind === 'failed' ? 'error' : kind === 'large' ? 'very slow' : null }],
    spans: b.spans,
  }
  cache.set(id, made)
  return made
}

export function snapshots(app, from, to, filter) {
  const items = []
  const step = filter.kept ? 97_000 : 23_000
  const bts = filter.bt ? app.bts.filter((b) => b.id === filter.bt) : app.bts
  if (!bts.length) return items
  let largeGiven = false
  for (let at = Math.floor(to / step) * step, n = 0; at > from && items.length < 400; at -= step, n++) {
    const bt = bts[Math.floor(noise(at, 'bt') * bts.length)]
    if (filter.tier && bt.tier !== filter.tier) continue
    const roll = noise(at, 'outcome')
    const outcome = roll < 0.3 ? 'ERROR' : roll < 0.55 ? 'SLOW' : roll < 0.68 ? 'VERY_SLOW' : 'NORMAL'
    const first = outcome === 'ERROR' ? '1' : bt.name.startsWith('GET') ? 'c' : '6'
    const isLarge = !largeGiven && n >= 2 && outcome !== 'ERROR'
    largeGiven ||= isLarge
    const id = isLarge ? LARGE_TRACE : first + hex(at, 31)
    const made = trace(id, at)
    items.push({
      trace_id: id, entry_span_id: made.spans[0].span_id, bt: { id: bt.id, name: bt.name }, application: { id: app.id, name: app.name }, tier: { id: bt.tier, name: app.entities.find((e) => e.id === bt.tier).name },
      start: at, duration_ms: made.duration_ms, outcome, reason: { ERROR: 'error', SLOW: 'slow', VERY_SLOW: 'very slow', NORMAL: filter.kept ? (roll > 0.84 ? 'periodic' : 'slowest') : null }[outcome], spans: made.spans.length,
    })
  }
  return items.filter((s) => (!filter.outcome || filter.outcome.includes(s.outcome)) && s.duration_ms >= filter.min && s.duration_ms <= (filter.max ?? Infinity))
}
