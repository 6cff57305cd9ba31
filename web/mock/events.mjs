// Events: what Vedette would find in the made-up world, and what is posted. They stay where they happened while time goes on.
import { applications } from './topology.mjs'

const MINUTE = 60_000
const START = Math.floor(Date.now() / MINUTE) * MINUTE
const INFO = { severity: 'INFO', custom_type: '', comment: '', repeats: 1, triggered: null, properties: [], is_read: false, is_resolved: false }

const shop = applications[0]
const application = { id: shop.id, name: shop.name }
const of = (kind, { id, name }) => ({ kind, id, name })
const tier = (name) => shop.entities.find((e) => e.name === name)
const affected = (...entities) => [of('APPLICATION', shop), ...entities]
const on = (name) => affected(of('TIER', tier(name)))

/** Minutes ago, of the start; some stand close together. */
const made = [
  [2, { type: 'APPLICATION_DEPLOYMENT', summary: 'orders: version 2.4.0 after 2.3.9', affected: on('orders'), properties: [{ name: 'version', value: '2.4.0' }, { name: 'version before', value: '2.3.9' }] }],
  [19, { type: 'APPLICATION_DEPLOYMENT', summary: 'payments: version 1.8.2 after 1.8.1', affected: on('payments'), properties: [{ name: 'version', value: '1.8.2' }, { name: 'version before', value: '1.8.1' }] }],
  [18.6, { type: 'APP_SERVER_RESTART', severity: 'WARN', summary: 'payments-1 of payments restarted', affected: on('payments') }],
  [18.3, { type: 'APP_SERVER_RESTART', severity: 'WARN', summary: 'payments-2 of payments restarted 4 times within ten minutes', repeats: 4, affected: on('payments') }],
  [25, { type: 'ANOMALY_OPEN_WARNING', severity: 'WARN', summary: 'POST /checkout is 4.2× slower than usual', affected: [of('BUSINESS_TRANSACTION', shop.bts.find((b) => b.name === 'POST /checkout'))], properties: [{ name: 'level', value: 'warning' }, { name: 'suspected cause', value: 'backend shop-db:3306/shop' }, { name: 'anomaly', value: '9' }] }],
  [31, { type: 'CUSTOM', custom_type: 'load test', summary: '50 users for ten minutes', comment: 'Started by hand.\nEnds by itself.', affected: affected(), properties: [{ name: 'users', value: '50' }] }],
  [44, { type: 'APPLICATION_CONFIG_CHANGE', summary: 'POST /checkout was marked as not long-lived', affected: on('storefront'), properties: [{ name: 'user', value: 'admin' }], is_read: true, is_resolved: true }],
  [52, { type: 'CUSTOM', custom_type: 'backup', severity: 'ERROR', summary: 'backup of shop-db failed', affected: affected(of('BACKEND', shop.entities.find((e) => e.kind === 'backend'))) }],
  [900, { type: 'TIER_DISCOVERED', summary: 'mailer reports for the first time (tier)', affected: on('mailer') }],
]
const events = made.map(([ago, event], i) => ({ ...INFO, id: made.length - i, application, at: START - ago * MINUTE, ...event }))
events.push({ ...INFO, id: made.length + 1, application: null, at: START - 8 * MINUTE, type: 'APPLICATION_CONFIG_CHANGE', summary: 'access key staging made', affected: [], properties: [{ name: 'user', value: 'admin' }] })

const listed = (r, name) => (r.query.get(name) ?? '').split(',').filter(Boolean)

function found(r) {
  if (r.empty) return []
  const [types, severities, text] = [listed(r, 'type'), listed(r, 'severity'), (r.query.get('text') ?? '').toLowerCase()]
  const [app, entity] = [r.query.get('application'), Number(r.query.get('entity') ?? 0)]
  const matches = (e) =>
    (!entity || e.affected.some(({ id }) => id === entity)) && (!app || e.application?.id === Number(app)) && e.at >= r.from && e.at <= r.to && (!types.length || types.includes(e.type)) && (!severities.length || severities.includes(e.severity)) &&
    `${e.summary}\n${e.comment}`.toLowerCase().includes(text) && !(r.query.get('unresolved') === 'true' && e.is_resolved)
  return events.filter(matches).sort((a, b) => b.at - a.at || b.id - a.id)
}

function page(r) {
  const items = found(r)
  const start = Number(r.query.get('cursor') ?? 0)
  const limit = Number(r.query.get('limit') ?? 100)
  return { items: items.slice(start, start + limit), next: start + limit < items.length ? String(start + limit) : null }
}

function summary(r) {
  const counts = new Map()
  for (const { type, severity } of found(r)) {
    const key = `${type} ${severity}`
    counts.set(key, { type, severity, count: (counts.get(key)?.count ?? 0) + 1 })
  }
  return { counts: [...counts.values()], total: found(r).length }
}

function post({ body, now }) {
  const app = applications.find((a) => a.id === body.application)
  const entities = (body.affected ?? []).map((id) => of('TIER', app.entities.find((e) => e.id === id)))
  const event = { ...INFO, ...body, id: events.length + 1, at: now, application: { id: app.id, name: app.name }, affected: [of('APPLICATION', app), ...entities] }
  events.push(event)
  return event
}

const one = (id) => events.find((e) => e.id === Number(id)) ?? null

export const eventRoutes = [
  ['GET', /^\/api\/v1\/events$/, page],
  ['POST', /^\/api\/v1\/events$/, post],
  ['GET', /^\/api\/v1\/events\/summary$/, summary],
  ['GET', /^\/api\/v1\/events\/(\d+)$/, (_, id) => one(id)],
  ['PUT', /^\/api\/v1\/events\/(\d+)\/marks$/, ({ body }, id) => one(id) && Object.assign(one(id), body)],
]
