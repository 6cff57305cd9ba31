// Raw series of a made-up application, and their points.
import { applications, nodeName } from './topology.mjs'
import { hex, noise } from './random.mjs'

const EVERY = 15_000
/** name, unit, instrument, attributes of each series, mean, swing. */
const METRICS = [
  ['http.server.request.duration', 's', 'HISTOGRAM', [{ 'http.route': '/cart', 'http.request.method': 'GET' }, { 'http.route': '/checkout', 'http.request.method': 'POST' }], 0.12, 0.08],
  ['process.cpu.utilization', '1', 'GAUGE', [{ 'cpu.mode': 'user' }, { 'cpu.mode': 'system' }], 0.3, 0.2],
  ['queue.messages', '{message}', 'COUNTER', [{ 'messaging.destination.name': 'orders.placed' }], 40, 22],
  ['jvm.memory.used', 'By', 'UP_DOWN_COUNTER', [{ 'jvm.memory.type': 'heap', 'jvm.memory.pool.name': 'G1 Old Gen' }, { 'jvm.memory.type': 'non_heap' }], 3.1e8, 9e7],
]

function all(app) {
  return METRICS.flatMap(([name, unit, instrument, sets, mean, swing]) =>
    app.entities.filter((e) => e.kind === 'tier').flatMap((tier) =>
      Array.from({ length: tier.nodes }, (_, i) => sets.map((attributes) => ({
        mean, swing,
        series: { id: hex(`${name}${tier.id}${i}${JSON.stringify(attributes)}`, 16), name, unit, instrument, delta: false, scope: 'mock', application: { id: app.id, name: app.name }, tier: { id: tier.id, name: tier.name }, node: { id: tier.id * 100 + i, name: nodeName(app, tier, i) }, attributes },
      }))).flat(),
    ),
  )
}

export function rawSeries(r) {
  const q = r.query
  const app = applications.find((a) => a.id === Number(q.get('application') ?? 1))
  const text = (q.get('text') ?? '').toLowerCase()
  const is = (param, id) => !q.get(param) || Number(q.get(param)) === id
  return all(app).map(({ series }) => series).filter((s) => s.name.includes(text) && is('tier', s.tier.id) && is('node', s.node.id) && q.getAll('attribute').every((pair) => s.attributes[pair.slice(0, pair.indexOf('='))] === pair.slice(pair.indexOf('=') + 1)))
}

function pointsOf({ series, mean, swing }, r) {
  const step = (r.to - r.from) / EVERY > 720 ? Math.ceil((r.to - r.from) / 720 / 60_000) * 60_000 : EVERY
  const points = []
  for (let t = Math.ceil(r.from / step) * step; t < Math.min(r.to, r.now); t += step) {
    const value = mean + swing * (noise(series.id, t) - 0.5 + Math.sin(t / 700_000 + noise(series.id) * 6) / 2)
    const histogram = series.instrument === 'HISTOGRAM'
    const came = histogram ? { count: 30, mean: value, p50: value * 0.8, p90: value * 2, p95: value * 2.6, p99: value * 5 } : null
    const counter = series.instrument === 'COUNTER'
    points.push({ at: t, samples: step / EVERY, value: histogram ? null : counter ? t / 50 : value, min: histogram ? null : value, max: histogram ? null : value, per_second: histogram ? 2 : counter ? value : null, came })
  }
  return { points, step: step === EVERY ? null : step }
}

export function rawPoints(r) {
  const known = new Map(applications.flatMap((app) => all(app)).map((one) => [one.series.id, one]))
  let step_ms = null
  const items = (r.query.get('ids') ?? '').split(',').flatMap((id) => {
    const one = known.get(id)
    if (!one) return []
    const { points, step } = pointsOf(one, r)
    step_ms = step
    return [{ series: one.series, points }]
  })
  return { items, step_ms, partial: null }
}
