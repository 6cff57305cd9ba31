// The applications the mock knows: a shop of 12 entities, and meshes of 200 and 1,000.
import { generator } from './random.mjs'

const tier = (id, name, more = {}) => ({ id, kind: 'tier', type: 'tier', system: null, name, nodes: 1, entry: false, hints: [], agent: 'opentelemetry 1.45.1', runtime: 'python', ...more })
const backend = (id, type, system, name) => ({ id, kind: 'backend', type, system, name, nodes: 0, entry: false, hints: [] })
const queue = (id, system, name) => ({ id, kind: 'queue', type: 'MESSAGING', system, name, nodes: 0, entry: false, hints: [] })
const edge = (from, to, type, rate, ms, errors, async = false) => ({ from, to, type, rate, ms, errors, async, resolved: true })

function shop() {
  const entities = [
    tier(11, 'storefront', { nodes: 3, runtime: 'nodejs', entry: true }),
    tier(12, 'catalog', { nodes: 2 }),
    tier(13, 'cart', { nodes: 2, runtime: 'nodejs' }),
    tier(14, 'orders', { nodes: 2 }),
    tier(15, 'payments', { nodes: 2, runtime: 'java', entry: true }),
    tier(16, 'fulfilment', { nodes: 1 }),
    tier(17, 'mailer', { nodes: 1, runtime: 'nodejs', hints: ['Its figures come from a sample: the agent measures more calls than it sends spans.'] }),
    backend(21, 'DATABASE', 'mysql', 'shop-db:3306/shop'),
    backend(22, 'CACHE', 'redis', 'redis:6379'),
    backend(23, 'HTTP', null, 'pay.example.com:443'),
    queue(24, 'rabbitmq', 'orders.placed'),
    queue(25, 'rabbitmq', 'mail.outgoing'),
  ]
  const edges = [
    edge(11, 12, 'HTTP', 640, 24, 0.0006),
    edge(11, 13, 'HTTP', 210, 12, 0),
    edge(11, 14, 'HTTP', 62, 184, 0.021),
    edge(12, 21, 'DATABASE', 480, 6.4, 0),
    edge(12, 22, 'CACHE', 655, 0.82, 0),
    edge(13, 22, 'CACHE', 420, 0.74, 0),
    edge(14, 21, 'DATABASE', 186, 9.2, 0.0008),
    edge(14, 15, 'HTTP', 60, 121, 0.019),
    edge(14, 24, 'MESSAGING', 59, 2.9, 0, true),
    edge(15, 23, 'HTTP', 63, 96, 0.064),
    edge(24, 16, 'MESSAGING', 59, 312, 0, true),
    edge(16, 21, 'DATABASE', 118, 11.4, 0),
    edge(16, 25, 'MESSAGING', 58, 3.2, 0, true),
    edge(25, 17, 'MESSAGING', 58, 84, 0.003, true),
  ]
  const bt = (id, tierId, name, rate, ms, errors, more = {}) => ({ id, tier: tierId, name, rate, ms, errors, entry_type: 'HTTP', background: false, health_check: false, other_traffic: false, long_lived: false, ...more })
  const bts = [
    bt(101, 11, 'GET /products', 340, 31, 0.0004),
    bt(102, 11, 'GET /products/{id}', 300, 27, 0.001),
    bt(103, 11, 'POST /cart/items', 130, 18, 0),
    bt(104, 11, 'GET /cart', 80, 14, 0),
    bt(105, 11, 'POST /checkout', 62, 238, 0.021),
    bt(106, 11, 'GET /', 55, 9.2, 0),
    bt(107, 15, 'POST /webhooks/payment', 3.4, 41, 0.008),
    bt(108, 11, 'GET /orders/{id}', 1.2, 52, 0),
    bt(109, 11, 'All Other Traffic - storefront', 2.6, 4.1, 0, { other_traffic: true }),
    bt(110, 11, 'GET /healthz', 18, 0.9, 0, { health_check: true, background: true }),
    bt(111, 16, 'expire_reservations', 0.2, 910, 0, { background: true, entry_type: 'BACKGROUND' }),
  ]
  return { id: 1, name: 'shop-production', entities, edges, bts }
}

const DOMAINS = ['catalog', 'checkout', 'payments', 'search', 'identity', 'shipping', 'pricing', 'fraud', 'stock', 'media', 'notify', 'loyalty', 'reports', 'returns', 'partner', 'geo', 'ads', 'reviews', 'wishlist', 'tax', 'ledger', 'support', 'content', 'export']
const ROLES = ['api', 'core', 'query', 'writer', 'sync', 'rules', 'cache', 'batch', 'events', 'admin', 'index', 'audit', 'mapper', 'gateway', 'feed', 'router', 'store', 'view', 'jobs', 'proxy']

function mesh(id, name, size) {
  const random = generator(name)
  const entities = []
  const edges = []
  let next = id * 10_000
  const gateway = tier(next++, 'gateway', { nodes: 4, entry: true, runtime: 'nodejs' })
  entities.push(gateway)
  const perDomain = Math.max(4, Math.floor((size * 0.62) / DOMAINS.length))
  const domains = DOMAINS.slice(0, Math.min(DOMAINS.length, Math.ceil((size * 0.62) / perDomain)))
  const byDomain = domains.map((domain) => ROLES.concat(ROLES.map((r) => `${r}2`)).slice(0, perDomain).map((role) => tier(next++, `${domain}-${role}`, { nodes: random.int(1, 6), runtime: random.pick(['java', 'python', 'nodejs', 'go']) })))
  const call = (a, b, type, scale, async = false) => edges.push(edge(a.id, b.id, type, scale * random.between(0.4, 1.6), random.between(2, 120), random.next() > 0.93 ? random.between(0.01, 0.09) : random.next() > 0.6 ? 0.0008 : 0, async))
  byDomain.forEach((tiers, d) => {
    entities.push(...tiers)
    if (d % 2 === 0) call(gateway, tiers[0], 'HTTP', 900 / (d + 1))
    tiers.slice(1).forEach((t, i) => call(tiers[Math.floor(i / 2.2)], t, random.pick(['HTTP', 'RPC']), 160 / (i + 1)))
    const other = byDomain[(d + 1 + random.int(0, 5)) % byDomain.length]
    call(tiers[Math.min(1, tiers.length - 1)], other[0], 'HTTP', 60)
  })
  const tiers = byDomain.flat()
  const kinds = [['DATABASE', 'mysql', 3306], ['DATABASE', 'postgresql', 5432], ['CACHE', 'redis', 6379], ['HTTP', null, 443], ['DATABASE', 'mongodb', 27017]]
  while (entities.length < size) {
    const owner = tiers[entities.length % tiers.length]
    const [type, system, port] = random.pick(kinds)
    if (random.next() < 0.12) {
      const q = queue(next++, 'kafka', `${owner.name}.events`)
      entities.push(q)
      call(owner, q, 'MESSAGING', 40, true)
      call(q, random.pick(tiers), 'MESSAGING', 40, true)
      continue
    }
    const b = backend(next++, type, system, type === 'HTTP' ? `${owner.name}.partner.example:${port}` : `${system}-${owner.name}:${port}`)
    entities.push(b)
    call(owner, b, type, 120)
    if (random.next() > 0.7) call(random.pick(tiers), b, type, 20)
  }
  const bts = byDomain.slice(0, 20).flatMap((list, d) => ['GET', 'POST', 'GET'].map((method, i) => ({ id: id * 1000 + d * 3 + i, tier: gateway.id, name: `${method} /${domains[d]}${i === 2 ? '/{id}' : ''}`, rate: 400 / (d + 1 + i), ms: random.between(10, 300), errors: random.next() > 0.85 ? 0.02 : 0.0005, entry_type: 'HTTP', background: false, health_check: false, other_traffic: false, long_lived: false, root: list[0].id })))
  return { id, name, entities, edges, bts }
}

const LATE = { tier: tier(18, 'reviews'), call: edge(18, 12, 'HTTP', 22, 31, 0) }

/** Lets a thirteenth entity into the shop, or takes it out: a tier that calls and is not called, so it has no figures. */
export function lateTier(reports) {
  const [first] = applications
  first.entities = first.entities.filter((e) => e !== LATE.tier).concat(reports ? [LATE.tier] : [])
  first.edges = first.edges.filter((e) => e !== LATE.call).concat(reports ? [LATE.call] : [])
}

export const applications = [shop(), mesh(2, 'market-200', 200), mesh(3, 'market-1000', 1000)]

/** The measured thing behind an entity: what arrives at it. */
export function thingOf(app, entity) {
  const incoming = app.edges.filter((e) => e.to === entity.id)
  const entering = app.bts.filter((b) => b.tier === entity.id && !b.health_check)
  const all = [...incoming, ...entering]
  const rate = all.reduce((s, x) => s + x.rate, 0)
  return { seed: `e${entity.id}`, rate, ms: rate ? all.reduce((s, x) => s + x.rate * x.ms, 0) / rate : 0, errors: rate ? all.reduce((s, x) => s + x.rate * x.errors, 0) / rate : 0 }
}

/** Nodes of the second application are named after the machine, which runs one of each tier. */
export const nodeName = (app, of, i) => (app.id === 2 ? `vm-${i + 1}` : `${of.name}-7d9f-${i + 1}`)

export const edgeThing = (e) => ({ seed: `g${e.from}-${e.to}-${e.type}`, rate: e.rate, ms: e.ms, errors: e.errors })
export const btThing = (b) => ({ seed: `b${b.id}`, rate: b.rate, ms: b.ms, errors: b.errors })

export function applicationThing(app) {
  const bts = app.bts.filter((b) => !b.background)
  const rate = bts.reduce((s, b) => s + b.rate, 0)
  return { seed: `a${app.id}`, rate, ms: bts.reduce((s, b) => s + b.rate * b.ms, 0) / rate, errors: bts.reduce((s, b) => s + b.rate * b.errors, 0) / rate }
}

/** What of the map one BT touches, and with which share of each edge's calls. */
export function btEdges(app, bt) {
  const routes = app.id === 1 && {
    101: [[11, 12], [12, 21], [12, 22]], 102: [[11, 12], [12, 21], [12, 22]], 103: [[11, 13], [13, 22]], 104: [[11, 13], [13, 22]],
    105: [[11, 14], [14, 21], [14, 15], [14, 24], [15, 23], [24, 16], [16, 21], [16, 25], [25, 17]], 107: [[15, 23]], 111: [[16, 21]], 108: [[11, 14], [14, 21]],
  }[bt.id]
  const chosen = routes ? app.edges.filter((e) => routes.some(([a, b]) => a === e.from && b === e.to)) : app.id === 1 ? [] : reach(app, bt)
  return chosen.map((e) => ({ ...e, rate: Math.min(e.rate, bt.rate * (e.rate > bt.rate ? 1.3 : 1)) }))
}

function reach(app, bt) {
  const seen = new Set([bt.root])
  const list = app.edges.filter((e) => e.from === bt.tier && e.to === bt.root)
  for (const id of seen) {
    for (const e of app.edges) if (e.from === id && seen.size < 14) { seen.add(e.to); list.push(e) }
  }
  return list
}
