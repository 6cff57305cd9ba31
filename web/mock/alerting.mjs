// Who is told of what: policies, actions, suppressions, deliveries, the mail server.
const DAY = 86_400_000
const HOUR = 3_600_000
const APPLICATION = { id: 1, name: 'shop-production' }

const EVENT_TYPES = [
  { name: 'Health rule violations', types: ['POLICY_OPEN_WARNING', 'POLICY_OPEN_CRITICAL', 'POLICY_UPGRADED', 'POLICY_CLOSE_CRITICAL'] },
  { name: 'Anomalies', types: ['ANOMALY_OPEN_WARNING', 'ANOMALY_OPEN_CRITICAL', 'ANOMALY_UPGRADED', 'ANOMALY_DOWNGRADED', 'ANOMALY_CLOSE_WARNING', 'ANOMALY_CLOSE_CRITICAL'] },
  { name: 'Slow and stalled transactions', types: ['SLOW', 'VERY_SLOW', 'STALL'] },
  { name: 'Application changes', types: ['APPLICATION_DEPLOYMENT', 'APP_SERVER_RESTART'] },
]
const http = (preset, url, body, headers = []) => ({ kind: 'http', preset, method: 'POST', url, headers: [{ name: 'Content-Type', value: 'application/json' }, ...headers], body })
const PRESETS = [
  { id: 'webhook', name: 'Web hook', help: 'Any receiver of JSON.', secrets: [], doing: http('webhook', 'https://', '{{ notice|tojson }}') },
  { id: 'slack', name: 'Slack', help: 'Make an incoming webhook in Slack and copy its URL.', secrets: [{ name: 'webhook_url', value: 'URL of the incoming webhook' }], doing: http('slack', '{{ secrets.webhook_url }}', '{"text": {{ title|tojson }}}') },
]

let lastId = 20
const made = (body) => ({ ...body, id: ++lastId, changed_at: Date.now() })
const kept = {
  actions: [
    { id: 1, name: 'Tell the shop’s team', application: null, doing: { kind: 'email', to: ['shop-team@example.com'], subject: '' }, secret_names: [], changed_at: Date.now() - DAY },
    { id: 2, name: 'Chat of operations', application: null, doing: PRESETS[1].doing, secret_names: ['webhook_url'], changed_at: Date.now() - DAY },
  ],
  policies: [
    { id: 11, name: 'Page the shop’s team', application: APPLICATION, enabled: true, event_types: ['POLICY_OPEN_CRITICAL'], rules: [], custom_events: [], entities: [{ kind: 'tier', ids: [1] }], actions: [1, 2], gather_seconds: 60, every_hours: null, changed_at: Date.now() - DAY },
    { id: 12, name: 'Deployments to the chat', application: null, enabled: false, event_types: ['APPLICATION_DEPLOYMENT'], rules: [], custom_events: [], entities: [], actions: [2], gather_seconds: 60, every_hours: null, changed_at: Date.now() - DAY },
  ],
  digests: [{ id: 13, name: 'What happened in the night', application: null, enabled: true, event_types: ['STALL', 'APP_SERVER_RESTART'], rules: [], custom_events: [], entities: [], actions: [1], gather_seconds: 60, every_hours: 24, changed_at: Date.now() - DAY }],
  suppressions: [
    { id: 14, name: 'Nightly batch', application: APPLICATION, enabled: true, window: { kind: 'recurring', days: [], month_days: [], from_minute: 1380, until_minute: 150, zone: 'UTC' }, rules: [], entities: [], changed_at: Date.now() - DAY },
    { id: 15, name: 'Move to the new database', application: null, enabled: true, window: { kind: 'one_time', from: Date.now() + 30 * HOUR, to: Date.now() + 36 * HOUR }, rules: ['CPU utilization is too high'], entities: [], changed_at: Date.now() - DAY },
  ],
}

const nameOf = (list, id) => ({ id, name: kept[list].find((one) => one.id === id)?.name ?? '' })
const shown = {
  actions: (one) => ({ ...one, used_by: [...kept.policies, ...kept.digests].filter((policy) => policy.actions.includes(one.id)).map(({ id, name }) => ({ id, name })) }),
  policies: (one) => ({ ...one, actions: one.actions.map((id) => nameOf('actions', id)) }),
  digests: (one) => shown.policies(one),
  suppressions: (one, begin, end) => ({ ...one, on: false, stretches: stretches(one.window, begin, end) }),
}

function stretches(window, begin, end) {
  if (window.kind === 'one_time') return window.to > begin && window.from < end ? [{ from: window.from, to: window.to }] : []
  const found = []
  for (let day = begin - (begin % DAY) - DAY; day < end; day += DAY) {
    const weekday = new Date(day).getUTCDay() || 7
    if (window.days.length && !window.days.includes(weekday)) continue
    if (window.month_days.length && !window.month_days.includes(new Date(day).getUTCDate())) continue
    const from = day + window.from_minute * 60_000
    const to = day + window.until_minute * 60_000 + (window.until_minute <= window.from_minute ? DAY : 0)
    if (to > begin && from < end) found.push({ from: Math.max(from, begin), to: Math.min(to, end) })
  }
  return found
}

/** The suppression that is on then for a rule of the shop, as a reference; null for none. */
export function silencing(at) {
  const night = kept.suppressions.find((one) => one.enabled && one.application?.id === APPLICATION.id && stretches(one.window, at, at + 60_000).length > 0)
  return night ? { id: night.id, name: night.name } : null
}

function bodyOf(list, body) {
  const application = body.application === null ? null : { id: body.application, name: body.application === 1 ? APPLICATION.name : 'shop-staging' }
  if (list !== 'actions') return { ...body, application }
  const { secrets, ...rest } = body
  return { ...rest, application, secret_names: Object.keys(secrets) }
}

function crud(list) {
  const path = `/api/v1/${list}`
  const one = new RegExp(`^${path}/(\\d+)$`)
  const find = (id) => kept[list].findIndex((it) => it.id === Number(id))
  const range = ({ query, now }) => {
    const begin = Number(query.get('begin') ?? now)
    return [begin, begin + Number(query.get('days') ?? 7) * DAY]
  }
  return [
    ['GET', new RegExp(`^${path}$`), (request) => ({ items: request.empty ? [] : kept[list].map((it) => shown[list](it, ...range(request))), next: null })],
    ['POST', new RegExp(`^${path}$`), (request) => {
      const stored = made(bodyOf(list, request.body))
      kept[list].push(stored)
      return shown[list](stored, ...range(request))
    }],
    ['GET', one, (request, id) => (find(id) < 0 ? null : shown[list](kept[list][find(id)], ...range(request)))],
    ['PUT', one, (request, id) => {
      const at = find(id)
      if (at < 0) return null
      kept[list][at] = { ...bodyOf(list, request.body), id: Number(id), changed_at: request.now }
      return shown[list](kept[list][at], ...range(request))
    }],
    ['DELETE', one, (_, id) => {
      if (find(id) < 0) return null
      kept[list].splice(find(id), 1)
      return undefined
    }],
  ]
}

const notice = (title, at) => ({
  title,
  text: `Critical: Checkout is slow\nApplication: shop-production\nSince: ${new Date(at).toISOString()}\n\n* POST /checkout (business transaction)\n  Average response time is 812 ms, far above what is normal at this hour\n  Average Response Time: 812 ms, expected at most 120 ms\n\nOpen in Vedette: https://apm.example.com/applications/1/business-transactions/17`,
  html: '<!doctype html>',
})

function policyPreview({ body, now }) {
  const all = [
    { id: 3, at: now - 12 * 60_000, event_type: 'POLICY_OPEN_CRITICAL', summary: 'Checkout is slow: 812 ms, expected at most 120 ms' },
    { id: 2, at: now - 3 * HOUR, event_type: 'APPLICATION_DEPLOYMENT', summary: 'payment 2.14.0' },
    { id: 1, at: now - 9 * HOUR, event_type: 'STALL', summary: 'POST /checkout took 46 s' },
  ]
  const events = all.filter((event) => body.event_types.includes(event.event_type))
  return { looked_at: all.length, matched: events.length, events, notice: notice(`Critical: Checkout is slow on POST /checkout · shop-production`, now), made_up: events.length === 0 }
}

function actionPreview({ body, now }) {
  const { doing } = body
  const said = notice(`Test of the action ${body.name}`, now)
  if (doing.kind === 'email') return { target: doing.to.join(', '), headers: [], body: said.text, email: said }
  if (doing.kind === 'http') return { target: `POST ${doing.url.includes('secrets.') ? '•••' : doing.url}`, headers: doing.headers.map(({ name }) => ({ name, value: name === 'Content-Type' ? 'application/json' : '•••' })), body: `{"text": "${said.title}"}`, email: null }
  return { target: doing.command, headers: [], body: (doing.arguments ?? []).join('\n'), email: null }
}

const attempt = (at, ok, status, answer) => ({ at, took: 182, ok, target: ok ? 'POST https://hooks.example.com/•••' : 'shop-team@example.com via smtp.example.com:587', status, answer })
const deliveries = (now) => [
  { about: [4], id: 9, at: now - 11 * 60_000, state: 'delivered', title: 'Critical: Checkout is slow on 3 entities · shop-production', application: APPLICATION, policy: { id: 11, name: 'Page the shop’s team' }, action: { id: 2, name: 'Chat of operations' }, attempts: 1, next_at: null, log: [attempt(now - 11 * 60_000, true, 'HTTP 200 OK', 'ok')] },
  { about: [4], id: 8, at: now - 11 * 60_000, state: 'pending', title: 'Critical: Checkout is slow on 3 entities · shop-production', application: APPLICATION, policy: { id: 11, name: 'Page the shop’s team' }, action: { id: 1, name: 'Tell the shop’s team' }, attempts: 2, next_at: now + 60_000, log: [attempt(now - 11 * 60_000, false, 'Connection error: connection refused', ''), attempt(now - 10 * 60_000, false, 'transient error (451): 4.7.1 Greylisted, try again later', '')] },
  { id: 7, at: now - 5 * HOUR, state: 'suppressed', title: 'Warning: CPU utilization is too high on web-1 · shop-production', application: APPLICATION, policy: { id: 11, name: 'Page the shop’s team' }, action: { id: 1, name: 'Tell the shop’s team' }, attempts: 0, next_at: null, log: [] },
  { id: 6, at: now - 8 * HOUR, state: 'gave_up', title: 'Recovered: Checkout is slow on POST /checkout · shop-production', application: APPLICATION, policy: { id: 11, name: 'Page the shop’s team' }, action: { id: 2, name: 'Chat of operations' }, attempts: 1, next_at: null, log: [attempt(now - 8 * HOUR, false, 'HTTP 404 Not Found', 'no_service')] },
]
const row = (one) => {
  const told = { ...one, last: one.log.at(-1) ?? null }
  delete told.log
  delete told.about
  return told
}
const wanted = (query) => (one) =>
  (!query.get('state') || one.state === query.get('state')) && (!query.get('action') || one.action.id === Number(query.get('action'))) && (!query.get('policy') || one.policy?.id === Number(query.get('policy'))) && (!query.get('violation') || (one.about ?? []).includes(Number(query.get('violation'))))

let mail = null
let hasPassword = false

export const alerting = [
  ['GET', /^\/api\/v1\/notice-options$/, () => ({ event_types: EVENT_TYPES, presets: PRESETS, commands: ['page'] })],
  ['POST', /^\/api\/v1\/policies\/preview$/, policyPreview],
  ['POST', /^\/api\/v1\/actions\/preview$/, actionPreview],
  ['POST', /^\/api\/v1\/actions\/(\d+)\/test$/, ({ now }) => attempt(now, true, 'HTTP 200 OK', 'ok')],
  ...crud('policies'),
  ...crud('digests'),
  ...crud('actions'),
  ...crud('suppressions'),
  ['GET', /^\/api\/v1\/deliveries$/, ({ now, query, empty }) => ({ items: empty ? [] : deliveries(now).filter(wanted(query)).map(row), next: null })],
  ['GET', /^\/api\/v1\/deliveries\/(\d+)$/, ({ now }, id) => {
    const found = deliveries(now).find((one) => one.id === Number(id))
    return found ? { delivery: row(found), attempts: found.log, notice: notice(found.title, found.at), link: 'https://apm.example.com/' } : null
  }],
  ['GET', /^\/api\/v1\/notification-settings$/, () => ({ mail, has_password: hasPassword })],
  ['PUT', /^\/api\/v1\/notification-settings$/, ({ body }) => {
    mail = body.mail
    hasPassword = body.password === null ? hasPassword : body.password !== ''
    return { mail, has_password: hasPassword }
  }],
  ['POST', /^\/api\/v1\/notification-settings\/test$/, ({ now }) => ({ ...attempt(now, false, 'Connection error: connection refused', ''), took: 12 })],
]
