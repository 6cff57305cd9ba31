// Anomalies of the shop, what caused them, the models behind them, and what people said; kept in memory and changed by the pages.
// The second application has detection switched off and an old history, long enough for several pages; the third is still learnt.
import { violationsOf } from './healthRules.mjs'
import { noise } from './random.mjs'
import { applications, btThing, thingOf } from './topology.mjs'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const START = Math.floor(Date.now() / MINUTE) * MINUTE

const [shopApp, market, learning] = applications
const ref = ({ id, name }) => ({ id, name })
const shop = ref(shopApp)
const entity = (id) => shopApp.entities.find((one) => one.id === id)
const bt = (id) => shopApp.bts.find((one) => one.id === id)
const KINDS = { tier: 'TIER', backend: 'BACKEND', queue: 'BACKEND' }
const step = (id) => (bt(id) ? { entity: ref(bt(id)), entity_kind: 'BUSINESS_TRANSACTION' } : { entity: ref(entity(id)), entity_kind: KINDS[entity(id).kind] })
const node = { id: 1500, name: 'payments-7d9f-1' }
const NODE = { entity: node, entity_kind: 'NODE' }
const CPU = 'Hardware Resources|CPU|%Busy'

const UNITS = { RESPONSE_TIME: 'ms', ERROR_SHARE: '%', CALLS: 'calls/min', METRIC: '%' }
const anomaly = (id, who, measure, ago, lasted, more) => {
  const onset_at = START - ago * MINUTE
  const opened_at = onset_at + 2 * MINUTE
  const closed_at = lasted === null ? null : onset_at + lasted * MINUTE
  return { id, application: shop, ...who, measure, metric: null, level: 'WARNING', worst: 'WARNING', status: closed_at === null ? 'OPEN' : 'CLOSED', onset_at, opened_at, changed_at: closed_at ?? opened_at + 4 * MINUTE, closed_at, unit: UNITS[measure], shift: false, top_suspect: null, verdict: 'CAUSE', incident: null, ...more }
}
const critical = { level: 'CRITICAL', worst: 'CRITICAL' }
const db = (confidence) => ({ ...step(21), confidence })

const anomalies = [
  anomaly(9, step(105), 'RESPONSE_TIME', 27, null, { ...critical, observed: 1012, expected: 241, deviation: 21.4, top_suspect: db(0.87), incident: 3, summary: 'POST /checkout is 4.2× slower than usual since its calls to shop-db:3306/shop wait for a lock: 82 % of the extra time is spent there.' }),
  anomaly(8, step(14), 'RESPONSE_TIME', 26, null, { observed: 702, expected: 190, deviation: 14.2, top_suspect: db(0.81), incident: 3, summary: 'orders answers 3.7× slower than usual, for the same cause as POST /checkout.' }),
  anomaly(7, NODE, 'METRIC', 9, null, { metric: CPU, observed: 93, expected: 38, deviation: 7.9, verdict: 'PENDING', summary: 'The CPU of payments-7d9f-1 is busier than usual at this hour.' }),
  anomaly(6, step(23), 'ERROR_SHARE', 51, 12, { observed: 24.5, expected: 6.1, deviation: 6.2, verdict: 'NO_CLEAR_CAUSE', top_suspect: { ...step(23), confidence: 0.22 }, incident: 2, summary: 'A quarter of the calls to pay.example.com:443 failed; nothing that was reported explains it.' }),
  anomaly(5, step(101), 'CALLS', 58, 40, { observed: 1240, expected: 342, deviation: 11.8, shift: true, verdict: 'LOAD', top_suspect: { ...step(101), confidence: 0.94 }, summary: 'GET /products is called 3.6× as often as usual; the load rose and stays there.' }),
  anomaly(4, step(105), 'RESPONSE_TIME', 3120, 34, { ...critical, observed: 860, expected: 236, deviation: 18.1, top_suspect: db(0.79), incident: 1, summary: 'POST /checkout was 3.6× slower than usual since shop-db:3306/shop answered late.' }),
]
const ofMarket = Array.from({ length: 230 }, (_, at) => {
  const tier = market.entities[at % 40]
  const lasted = 5 + Math.floor(noise('market', at) * 40)
  return anomaly(1000 + at, { entity: ref(tier), entity_kind: 'TIER' }, 'RESPONSE_TIME', 180 + at * 55, lasted, { application: ref(market), observed: tier.id % 7 === 0 ? 900 : 240, expected: 60, deviation: 8 + (at % 9), verdict: at % 3 ? 'CAUSE' : 'NO_CLEAR_CAUSE', top_suspect: { entity: ref(market.entities[(at + 3) % 40]), entity_kind: 'TIER', confidence: 0.4 + 0.01 * (at % 50) }, summary: `${tier.name} answered slower than usual.` })
}).filter((one) => one.closed_at < START - 2 * HOUR)
const all = [...anomalies, ...ofMarket]

// --- what a series does, and what is usual of it ---

const thingBehind = (id) => {
  for (const app of applications) {
    const one = app.bts.find((b) => b.id === id)
    if (one) return { app, name: one.name, thing: btThing(one) }
    const other = app.entities.find((e) => e.id === id)
    if (other) return { app, name: other.name, thing: thingOf(app, other) }
  }
  return id === node.id ? { app: shopApp, name: node.name, thing: { seed: 'node', rate: 30, ms: 121, errors: 0.02 } } : null
}

/** The mean of a series at an hour, and its usual deviation then. */
function usualAt(thing, measure, at) {
  const day = 0.8 + 0.25 * Math.sin((((at / HOUR) % 24) - 8) / 24 * 2 * Math.PI)
  if (measure === 'RESPONSE_TIME') return { mean: thing.ms * (0.9 + 0.15 * day), usual: Math.max(1, thing.ms * 0.09) }
  if (measure === 'CALLS') return { mean: thing.rate * day, usual: Math.max(1, thing.rate * 0.06) }
  if (measure === 'ERROR_SHARE') return { mean: 100 * thing.errors, usual: Math.max(0.2, 100 * thing.errors * 0.35) }
  return { mean: 34 + 6 * day, usual: 7 }
}

const troubleOf = (id, measure) => all.filter((one) => one.entity.id === id && one.measure === measure)

function pointAt(id, thing, measure, at, isLearning) {
  const { mean, usual } = usualAt(thing, measure, at)
  const trouble = troubleOf(id, measure).find((one) => at >= one.onset_at && at < (one.closed_at ?? Infinity))
  const gap = noise(thing.seed, at, 'gap') > 0.995
  const calm = mean + usual * (noise(thing.seed, measure, at) - 0.5) * 2.6
  const bad = trouble && trouble.observed * (0.82 + 0.18 * noise(thing.seed, at, 'bad')) * Math.min(1, (at - trouble.onset_at + 2 * MINUTE) / (4 * MINUTE))
  const value = gap ? null : Math.max(0, trouble ? Math.max(calm, bad) : calm)
  const told = trouble && at >= trouble.opened_at
  const state = gap ? 'NO_DATA' : isLearning ? 'LEARNING' : told ? (trouble.worst === 'CRITICAL' && at >= trouble.opened_at + 4 * MINUTE ? 'CRITICAL' : 'WARNING') : 'NORMAL'
  return { at, value, expected: isLearning ? null : mean, low: isLearning ? null : Math.max(0, mean - 3.2 * usual), high: isLearning ? null : mean + 3.4 * usual, state, usual }
}

function pointsOf(id, measure, from, to, isLearning = false) {
  const { thing } = thingBehind(id)
  const first = Math.ceil(from / MINUTE) * MINUTE
  return Array.from({ length: Math.max(0, Math.floor((to - first) / MINUTE)) }, (_, at) => pointAt(id, thing, measure, first + at * MINUTE, isLearning))
}

const bare = ({ at, value, expected, low, high, state }) => ({ at, value, expected, low, high, state })

// --- one anomaly ---

const evidence = (kind, weight, text, link, more = {}) => ({ kind, weight, text, observed: null, expected: null, unit: '', at: null, link, ...more })
const ago = (minutes) => START - minutes * MINUTE

const SUSPECTS = [
  {
    ...step(21), tier: null, load: false, confidence: 0.87, share_of_time: 0.82, share_of_errors: 0, path: [21, 14, 11, 105].map(step), victims: [14, 12, 16, 105].map(step),
    evidence: [
      evidence('BETWEEN', 9.1, 'Calls from orders to shop-db:3306/shop take 642 ms where 8–11 ms is usual', { kind: 'EDGE', from: 14, to: 21 }, { observed: 642, expected: 9.2, unit: 'ms' }),
      evidence('OWN_TIME', 7.4, 'UPDATE stock SET reserved = ? takes 611 ms where 6 ms is usual', { kind: 'TRACES', business_transaction: 105, tier: 14, errors_only: false }, { observed: 611, expected: 6.1, unit: 'ms' }),
      evidence('LOG_TEMPLATE', 3.2, 'A new log line in orders, 41 times: “lock wait timeout exceeded; try restarting transaction”', { kind: 'LOGS', tier: 14, severity: 'ERROR', text: 'lock wait timeout' }, { observed: 41, expected: 0 }),
      evidence('CHANGE', 2.1, 'load test: 50 users for ten minutes, four minutes before it began', { kind: 'EVENT', id: 4 }, { at: ago(31) }),
    ],
  },
  {
    ...step(14), tier: ref(entity(14)), load: false, confidence: 0.09, share_of_time: 0.11, share_of_errors: 0.3, path: [14, 11, 105].map(step), victims: [105].map(step),
    evidence: [
      evidence('POOL_WAIT', 2.6, 'Waits of orders for a pooled connection take 96 ms where 0.4 ms is usual', { kind: 'SERIES', entity: 14, entity_kind: 'TIER', measure: 'RESPONSE_TIME', metric: null }, { observed: 96, expected: 0.4, unit: 'ms' }),
      evidence('EXCEPTION', 1.9, 'OperationalError, 17 times where none is usual', { kind: 'ERROR_GROUP', id: 3 }, { observed: 17, expected: 0 }),
    ],
  },
  { ...NODE, tier: ref(entity(15)), load: false, confidence: 0.02, share_of_time: 0.02, share_of_errors: 0, path: [NODE, ...[14, 11, 105].map(step)], victims: [], evidence: [evidence('RESOURCE', 1.4, 'The CPU of payments-7d9f-1 is 93 % busy where 24–52 % is usual', { kind: 'SERIES', entity: 1500, entity_kind: 'NODE', measure: 'METRIC', metric: CPU }, { observed: 93, expected: 38, unit: '%' })] },
]
const LOAD = [{ ...step(101), tier: ref(entity(11)), load: true, confidence: 0.94, share_of_time: 0, share_of_errors: 0, path: [step(101)], victims: [12].map(step), evidence: [evidence('LOAD', 6.2, 'GET /products is called 1,240 times a minute where 290–390 is usual', { kind: 'SERIES', entity: 101, entity_kind: 'BUSINESS_TRANSACTION', measure: 'CALLS', metric: null }, { observed: 1240, expected: 342, unit: 'calls/min' })] }]
const UNCLEAR = [{ ...step(23), tier: null, load: false, confidence: 0.22, share_of_time: 0, share_of_errors: 0.2, path: [23, 15].map(step), victims: [15].map(step), evidence: [evidence('FAILED_CALLS', 0.8, '24 % of the calls fail without the far end saying why', { kind: 'ENTITY', entity: 23, entity_kind: 'BACKEND' })] }]
const operation = (tier, name, before_ms, after_ms, before_calls, after_calls, before_errors = 0, after_errors = 0) => ({ tier: ref(entity(tier)), name, before_ms, after_ms, before_calls, after_calls, before_errors, after_errors })
const OPERATIONS = [operation(14, 'calls to shop-db:3306/shop', 9.1, 642, 186, 181, 0.1, 1.6), operation(14, 'POST /orders', 184, 702, 62, 61, 1.3, 4.4), operation(15, 'POST /charge', 121, 126, 60, 59, 1.1, 1.2), operation(12, 'GET /products/{id}', 24, 29, 300, 305)]

function changesOf(one) {
  const change = (kind, level, at, summary) => ({ kind, level, at, summary })
  const told = [change('OPENED', one.worst === 'CRITICAL' ? 'WARNING' : one.level, one.opened_at, 'Seldom enough to tell, for two minutes.')]
  if (one.worst === 'CRITICAL') told.push(change('UPGRADED', 'CRITICAL', one.opened_at + 4 * MINUTE, one.summary))
  if (one.shift) told.push(change('SHIFTED', one.level, one.closed_at, 'It stays where it went: that is the level from now on.'))
  else if (one.closed_at !== null) told.push(change('CLOSED', one.worst, one.closed_at, 'As usual for five minutes.'))
  return told
}

const feedback = new Map([[4, [{ at: ago(3000), by: 'ada', verdict: 'CAUSE_CONFIRMED', suspect: ref(entity(21)), note: 'The nightly report held the lock.' }]]])

/** What deviates most, then what goes with it. */
function seriesOf(one, now) {
  const measures = [...new Set([one.measure, 'RESPONSE_TIME', 'ERROR_SHARE', 'CALLS'])].slice(0, 3)
  return measures.map((measure) => ({ measure, metric: measure === 'METRIC' ? one.metric : null, unit: UNITS[measure], step_ms: MINUTE, points: pointsOf(one.entity.id, measure, one.onset_at - HOUR, Math.min(now, (one.closed_at ?? now) + HOUR)).map(bare) }))
}

function detailOf(one, now) {
  const suspects = { PENDING: [], CAUSE: SUSPECTS, LOAD, NO_CLEAR_CAUSE: UNCLEAR }[one.verdict]
  const inShop = one.application.id === shop.id
  return {
    anomaly: one, changes: changesOf(one), suspects: inShop ? suspects : [], no_clear_cause: { PENDING: 1, CAUSE: 0.02, LOAD: 0.03, NO_CLEAR_CAUSE: 0.74 }[one.verdict], path: inShop ? (suspects[0]?.path ?? []) : [],
    series: seriesOf(one, now),
    operations: one.verdict === 'CAUSE' && inShop ? OPERATIONS : [], similar: all.filter((other) => other.id < one.id && other.entity.id === one.entity.id && other.measure === one.measure).slice(0, 10), feedback: feedback.get(one.id) ?? [],
  }
}

// --- incidents ---

const incidentOf = (id, summary, cause, violations) => {
  const members = anomalies.filter((one) => one.incident === id)
  const open = members.some((one) => one.status === 'OPEN')
  return { violations, incident: { id, application: shop, status: open ? 'OPEN' : 'CLOSED', level: members.some((one) => one.worst === 'CRITICAL') ? 'CRITICAL' : 'WARNING', opened_at: Math.min(...members.map((one) => one.onset_at)), closed_at: open ? null : Math.max(...members.map((one) => one.closed_at)), summary, cause, anomalies: members.length, violations: violations.length } }
}
const incidents = [
  incidentOf(3, 'shop-db:3306/shop waits for a lock: POST /checkout and orders are slow', db(0.87), [4]),
  incidentOf(2, 'Calls to pay.example.com:443 failed', null, []),
  incidentOf(1, 'shop-db:3306/shop answered late: POST /checkout was slow', db(0.79), [2]),
]

// --- models and back-tests ---

const isLearning = (id) => (thingBehind(id)?.thing.rate ?? 0) < 0.3 || learning.bts.some((one) => one.id === id)

function whyOf(point, unit) {
  const of = (value) => `${value.toFixed(value < 10 ? 1 : 0)} ${unit}`
  if (point.state === 'NO_DATA') return 'Nothing was reported in this minute.'
  if (point.state === 'LEARNING') return 'It is still learnt what is usual: there is no verdict yet.'
  const off = (point.value - point.expected) / point.usual
  if (point.state === 'NORMAL') return `${of(point.value)} is within what is usual at this hour, ${of(point.low)} to ${of(point.high)}: ${Math.abs(off).toFixed(1)} usual deviations ${off < 0 ? 'below' : 'above'} what is expected.`
  return `${of(point.value)} is ${off.toFixed(1)} usual deviations above the ${of(point.expected)} expected at this hour, and this for several minutes: so far off it is once in 90 days.`
}

function model(r) {
  const [id, measure] = [Number(r.query.get('entity')), r.query.get('measure')]
  const found = thingBehind(id)
  if (!found) return null
  const learns = isLearning(id)
  const unit = UNITS[measure]
  const points = pointsOf(id, measure, r.from, Math.min(r.to, r.now), learns)
  const season = learns ? [] : Array.from({ length: id === 105 ? 168 : 24 }, (_, hour) => {
    const { mean, usual } = usualAt(found.thing, measure, hour * HOUR)
    const weekend = hour >= 120 ? 0.6 : 1
    return { hour, expected: mean * weekend, low: Math.max(0, mean * weekend - 3.2 * usual), high: mean * weekend + 3.4 * usual }
  })
  return {
    entity: { id, name: found.name }, entity_kind: r.query.get('entity_kind'), measure, metric: r.query.get('metric'), unit, state: points.at(-1)?.state ?? 'NO_DATA', seasonality: learns ? 'NONE' : id === 105 ? 'DAY_AND_WEEKEND' : 'DAY',
    readings: learns ? 25 : 40_320, learning_since: learns ? START - 25 * MINUTE : null, episodes_a_week: 0.4, warning_rarity: 4.4, critical_rarity: 5.1, season,
    points: points.map(({ usual, ...point }) => ({ ...point, rarity: learns || point.value === null ? 0 : Math.max(0.2, Math.min(7, Math.abs(point.value - point.expected) / usual)), usual: learns ? 0 : usual, by_load: measure === 'RESPONSE_TIME' && !learns ? 3.1 : 0, why: whyOf({ ...point, usual }, unit) })),
  }
}

function backTest({ body, now }) {
  const points = pointsOf(body.entity, body.measure, body.from, Math.min(body.to, now))
  const least = { LOW: 3, MEDIUM: 2, HIGH: 1 }[body.sensitivity]
  const known = troubleOf(body.entity, body.measure).filter((one) => one.onset_at >= body.from)
  const made = Array.from({ length: Math.floor((body.to - body.from) / DAY) * (4 - least) }, (_, at) => ({ onset_at: body.from + at * 7 * HOUR + 2 * HOUR, lasts: 6 + at }))
    .filter(({ onset_at }) => onset_at < body.to - HOUR)
    .map(({ onset_at, lasts }) => {
      const { mean, usual } = usualAt(thingBehind(body.entity).thing, body.measure, onset_at)
      return { level: 'WARNING', onset_at, opened_at: onset_at + 2 * MINUTE, closed_at: onset_at + lasts * MINUTE, observed: mean + 5 * usual, expected: mean, deviation: 5, shift: false }
    })
  for (const one of made) {
    for (const point of points) {
      if (point.at < one.onset_at || point.at >= one.closed_at) continue
      Object.assign(point, { value: one.observed * (0.9 + 0.1 * noise(point.at)), state: point.at >= one.opened_at ? 'WARNING' : 'NORMAL' })
    }
  }
  const episodes = [...known.map(({ worst: level, onset_at, opened_at, closed_at, observed, expected, deviation, shift }) => ({ level, onset_at, opened_at, closed_at, observed, expected, deviation, shift })), ...made].sort((a, b) => a.onset_at - b.onset_at)
  return { unit: UNITS[body.measure], points: points.map(bare), episodes, minutes: points.length, per_day: (episodes.length * DAY) / (body.to - body.from) }
}

// --- settings, lists, changes ---

const settings = new Map()
const settingsOf = (id) => settings.get(id) ?? { enabled: id !== market.id, sensitivity: 'MEDIUM', min_deviation_percent: 10, min_deviation_ms: 2, min_calls: 3, transactions: [] }

function page(items, { query }) {
  const start = Number(query.get('cursor') ?? 0)
  const limit = Number(query.get('limit') ?? 100)
  return { items: items.slice(start, start + limit), next: start + limit < items.length ? String(start + limit) : null }
}

const within = (r, since, until) => since <= r.to && (until ?? r.to) >= r.from

function listed(r) {
  const is = (name, value) => !r.query.get(name) || r.query.get(name) === String(value)
  const found = all.filter((one) => is('application', one.application.id) && is('entity', one.entity.id) && is('entity_kind', one.entity_kind) && is('state', one.status) && is('level', one.level) && is('incident', one.incident) && within(r, one.onset_at, one.closed_at))
  return page(r.empty ? [] : found.toSorted((a, b) => b.onset_at - a.onset_at), r)
}

function listedIncidents(r) {
  const is = (name, value) => !r.query.get(name) || r.query.get(name) === String(value)
  return page(r.empty ? [] : incidents.map((one) => one.incident).filter((one) => is('application', one.application.id) && is('state', one.status) && within(r, one.opened_at, one.closed_at)), r)
}

function say({ body, now }, id) {
  const one = all.find((it) => it.id === Number(id))
  if (!one) return null
  const suspect = [...SUSPECTS, ...LOAD, ...UNCLEAR].find((it) => it.entity.id === body.suspect)
  const said = { at: now, by: 'admin', verdict: body.verdict, suspect: suspect ? suspect.entity : null, note: body.note ?? '' }
  feedback.set(one.id, [...(feedback.get(one.id) ?? []), said])
  return said
}

const of = (rest) => new RegExp(`^\\/api\\/v1\\/applications\\/(\\d+)\\/${rest}$`)

export const anomalyRoutes = [
  ['GET', /^\/api\/v1\/anomalies$/, listed],
  ['GET', /^\/api\/v1\/anomalies\/(\d+)$/, (r, id) => {
    const one = all.find((it) => it.id === Number(id))
    return one ? detailOf(one, r.now) : null
  }],
  ['POST', /^\/api\/v1\/anomalies\/(\d+)\/feedback$/, say],
  ['GET', /^\/api\/v1\/incidents$/, listedIncidents],
  ['GET', /^\/api\/v1\/incidents\/(\d+)$/, (_, id) => {
    const one = incidents.find((it) => it.incident.id === Number(id))
    return one ? { incident: one.incident, anomalies: anomalies.filter((it) => it.incident === one.incident.id), violations: violationsOf(one.violations) } : null
  }],
  ['GET', of('anomaly-settings'), (_, id) => settingsOf(Number(id))],
  ['PUT', of('anomaly-settings'), ({ body }, id) => settings.set(Number(id), body).get(Number(id))],
  ['GET', of('anomaly-model'), model],
  ['POST', of('anomaly-back-test'), backTest],
]
