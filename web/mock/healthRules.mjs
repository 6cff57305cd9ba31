// Health rules, schedules, back-tests and violations of the shop, kept in memory and changed by the pages.
import { silencing } from './alerting.mjs'
import { noise } from './random.mjs'
import { applications } from './topology.mjs'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const START = Math.floor(Date.now() / MINUTE) * MINUTE

const TIME = 'Average Response Time (ms)'
const CALLS = 'Calls per Minute'
const ERRORS = 'Errors per Minute'
const shop = { id: applications[0].id, name: applications[0].name }

const condition = (short_name, path, compare, more = {}) => ({ short_name, name: path, input: { type: 'METRIC', function: 'VALUE', path }, compare, no_data: 'UNKNOWN', persistence: null, ...more })
const above = (value) => ({ type: 'VALUE', operator: 'GREATER', value })
const slower = (value) => ({ type: 'BASELINE', deviation: 'ABOVE', baseline: null, unit: 'STANDARD_DEVIATIONS', value })
const all = (...conditions) => ({ conditions, combine: { type: 'ALL' }, nodes: { type: 'AVERAGE' } })
const affects = (kind, scope = { type: 'ALL' }, more = {}) => ({ kind, scope, runtime: 'ANY', custom_entity: null, ...more })
const rule = (name, affected, critical, warning, more = {}) => ({ name, enabled: true, window_minutes: 30, wait_minutes: 30, schedule: 'Always', affects: affected, critical, warning, ...more })

const busy = (value) => all(condition('A', 'Hardware Resources|CPU|%Busy', above(value)))
const health = (sigma, calls) => ({ conditions: [condition('A', TIME, slower(sigma)), condition('B', CALLS, above(calls)), condition('C', ERRORS, slower(sigma))], combine: { type: 'CUSTOM', expression: '(A AND B) OR C' }, nodes: { type: 'AVERAGE' } })
const share = {
  short_name: 'A', name: 'Share of calls with errors (%)', no_data: 'FALSE', persistence: null, compare: above(20),
  input: { type: 'EXPRESSION', expression: '{errors} / {calls} * 100', variables: [{ name: 'errors', function: 'SUM', path: ERRORS }, { name: 'calls', function: 'SUM', path: CALLS }] },
}
const FACTORY = [
  rule('Business Transaction Health', affects('BUSINESS_TRANSACTIONS'), health(3, 50), health(2, 100)),
  rule('CPU utilization is too high', affects('NODE_HARDWARE'), busy(90), busy(75), { window_minutes: 20 }),
  rule('Network-Host: Packet drops too high', affects('NODE_HARDWARE'), all(condition('A', 'Hardware Resources|Network|Dropped packets/sec', above(5))), null, { enabled: false }),
  rule('Tier stopped reporting', affects('TIERS'), all(condition('A', 'Minutes Since Last Report', { type: 'VALUE', operator: 'GREATER_OR_EQUAL', value: 3 })), null, { window_minutes: 3 }),
  rule('Error share of a quiet business transaction', affects('BUSINESS_TRANSACTIONS'), all(share), null),
]
const OWN = rule('Checkout is slow', affects('BUSINESS_TRANSACTIONS', { type: 'SPECIFIC', names: ['POST /checkout'], should_not: false }), all(condition('A', TIME, above(250), { persistence: { violations: 3, of_minutes: 5 } })), null, { window_minutes: 5, schedule: 'Weekdays' })

const named = new Set(FACTORY.map((one) => one.name))
let lastId = 30
const rules = [...FACTORY, OWN].map((body, at) => ({ id: 11 + at, version: 1, changed_at: START - 48 * HOUR, rule: body }))
const weekly = (name, description, days, start_time, end_time) => ({ name, description, timezone: 'UTC', times: { type: 'WEEKLY', days, start_time, end_time } })
const WORKDAYS = ['MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY']
const schedules = [
  { id: 21, schedule: weekly('Weekdays', 'Monday to Friday', WORKDAYS, '00:00', '00:00') },
  { id: 22, schedule: weekly('Weeknights', '6 pm to 6 am, Monday to Friday', WORKDAYS, '18:00', '06:00') },
]

const shown = (one) => ({ id: one.id, application: shop, version: one.version, changed_at: one.changed_at, factory: named.has(one.rule.name), rule: one.rule })
const ofShop = (id) => Number(id) === shop.id

// --- whom rules affect ---

const shopApp = applications[0]
const tierName = (id) => shopApp.entities.find((e) => e.id === id)?.name ?? ''
const nodesOf = () => shopApp.entities.filter((e) => e.kind === 'tier').flatMap((t) => Array.from({ length: t.nodes }, (_, at) => ({ id: t.id * 100 + at, name: `${t.name}-7d9f-${at + 1}`, tier: t.name })))

function entitiesOf(kind) {
  const tiers = shopApp.entities.filter((e) => e.kind === 'tier').map(({ id, name }) => ({ id, name, tier: name }))
  switch (kind) {
    case 'BUSINESS_TRANSACTIONS':
      return shopApp.bts.map((b) => ({ id: b.id, name: b.name, tier: tierName(b.tier), thing: b }))
    case 'TIERS':
    case 'TIER_HARDWARE':
      return tiers
    case 'NODES':
    case 'NODE_HARDWARE':
      return nodesOf()
    case 'BACKENDS':
      return shopApp.entities.filter((e) => e.kind !== 'tier').map(({ id, name }) => ({ id, name, tier: '' }))
    case 'SERVERS':
      return tiers.map((t) => ({ ...t, name: `host-${t.name}` }))
    case 'ERRORS':
    case 'SERVICE_ENDPOINTS':
      return shopApp.bts.slice(0, 4).map((b) => ({ id: 5000 + b.id, name: b.name, tier: tierName(b.tier) }))
    default:
      return [{ id: shop.id, name: shop.name, tier: '' }]
  }
}

const HOW = { STARTS_WITH: (n, v) => n.startsWith(v), ENDS_WITH: (n, v) => n.endsWith(v), CONTAINS: (n, v) => n.includes(v), EQUALS: (n, v) => n === v, REGEX: (n, v) => new RegExp(v).test(n) }

function affectedBy({ kind, scope }) {
  const takes = (one) => {
    if (scope.type === 'SPECIFIC') return scope.names.includes(one.name) !== (scope.should_not ?? false)
    if (scope.type === 'WITHIN_TIERS') return scope.tiers.includes(one.tier) !== (scope.should_not ?? false)
    if (scope.type === 'MATCHING') return HOW[scope.how](one.name, scope.value) !== (scope.should_not ?? false)
    return true
  }
  return entitiesOf(kind).filter(takes)
}

const ref = ({ id, name }) => ({ id, name })

// --- looking back ---

/** A minute's value of a made-up metric: its usual one, with a bad stretch every few hours. */
function valueAt(path, entity, minute) {
  const usual = entity.thing ? { [TIME]: entity.thing.ms, [CALLS]: entity.thing.rate, [ERRORS]: entity.thing.rate * entity.thing.errors } : { [TIME]: 80, [CALLS]: 120, [ERRORS]: 1 }
  const mean = usual[path] ?? 55
  const bad = noise(entity.id, Math.floor(minute / 17), 'bad') > 0.93 ? 1.9 : 1
  return mean * bad * (0.85 + 0.3 * noise(entity.id, path, minute))
}

function pathOf(input) {
  return input.type === 'METRIC' ? input.path : input.variables[0].path
}

function thresholdOf({ compare, input }, entity) {
  if (compare.type === 'VALUE') return compare.value
  const mean = valueAt(pathOf(input), { ...entity, id: -1 }, 1)
  const by = compare.unit === 'PERCENT' ? (mean * compare.value) / 100 : mean * 0.15 * compare.value
  return compare.deviation === 'BELOW' ? mean - by : mean + by
}

const isLow = (c) => (c.compare.type === 'VALUE' ? c.compare.operator.startsWith('LESS') : c.compare.deviation === 'BELOW')

function seen(c, entity, minute) {
  const value = valueAt(pathOf(c.input), entity, minute)
  const threshold = thresholdOf(c, entity)
  const expected = c.compare.type === 'BASELINE' ? { mean: threshold / 1.45, deviation: threshold * 0.1 } : null
  return { short_name: c.short_name, name: c.name, metric: c.input.type === 'METRIC' ? c.input.path : c.input.expression, compare: c.compare, value, unit: pathOf(c.input).endsWith('(ms)') ? 'ms' : '', threshold, expected, minutes: c.persistence ? c.persistence.violations : null, holds: isLow(c) ? value < threshold : value > threshold }
}

const evidenceOf = (level, criteria, window_minutes, entity, at) => ({ level, minute_ms: at, window_minutes, conditions: criteria.conditions.map((c) => seen(c, entity, at / MINUTE)), nodes: [], broken_nodes: null, reason: '' })
const sentence = (evidence) => evidence.conditions.filter((c) => c.holds).map((c) => `${c.metric.split('|').at(-1)} is ${c.value.toFixed(1)} (compared with ${c.threshold.toFixed(1)})`).join('; ')

function levelAt(body, entity, minute) {
  for (const [level, criteria] of [['CRITICAL', body.critical], ['WARNING', body.warning]]) {
    if (!criteria) continue
    const held = criteria.conditions.map((c) => seen(c, entity, minute).holds)
    if (criteria.combine.type === 'ALL' ? held.every(Boolean) : held[0]) return level
  }
  return null
}

function episodesOf(body, entity, from, minutes) {
  const levels = Array.from({ length: minutes }, (_, at) => levelAt(body, entity, from / MINUTE + at))
  const episodes = []
  levels.forEach((level, at) => {
    const last = episodes.at(-1)
    if (!level) return
    const end = from + (at + 1) * MINUTE
    if (last && last.to === from + at * MINUTE) {
      last.to = end
      if (level === 'CRITICAL') last.level = level
      return
    }
    const evidence = evidenceOf(level, level === 'CRITICAL' ? body.critical : body.warning, body.window_minutes, entity, from + at * MINUTE)
    episodes.push({ entity: ref(entity), from: from + at * MINUTE, to: end, level, evidence, summary: sentence(evidence) })
  })
  for (const one of episodes) if (one.to === from + minutes * MINUTE) one.to = null
  for (const one of episodes) Object.assign(one, { silenced_by: silencing(one.from + MINUTE) })
  return { levels, episodes }
}

function backTest({ body, now }) {
  const to = Math.min(Math.floor(now / MINUTE) * MINUTE, body.until ?? now)
  const minutes = body.hours * 60
  const from = to - minutes * MINUTE
  const affected = affectedBy(body.rule.affects).filter((one) => !body.alone || one.id === body.entity)
  const found = affected.map((entity) => ({ entity, ...episodesOf(body.rule, entity, from, minutes) }))
  const longest = found.toSorted((a, b) => b.levels.filter(Boolean).length - a.levels.filter(Boolean).length)[0]
  const charted = found.find((one) => one.entity.id === body.entity) ?? longest
  const level = charted?.levels.includes('CRITICAL') || !body.rule.warning ? 'CRITICAL' : 'WARNING'
  const criteria = (level === 'CRITICAL' ? body.rule.critical : body.rule.warning) ?? body.rule.warning
  const chart = charted && {
    entity: ref(charted.entity), level: criteria === body.rule.warning ? 'WARNING' : level, from, levels: charted.levels,
    conditions: criteria.conditions.map((c) => {
      const values = charted.levels.map((_, at) => valueAt(pathOf(c.input), charted.entity, from / MINUTE + at))
      const compared = values.map((_, at) => { const part = values.slice(Math.max(0, at - 4), at + 1); return part.reduce((s, v) => s + v, 0) / part.length })
      return { short_name: c.short_name, values, compared, thresholds: values.map(() => thresholdOf(c, charted.entity)) }
    }),
  }
  return { from, to, entities: affected.length, unjudged: affected.length > 1 ? 1 : 0, episodes: found.flatMap((one) => one.episodes).toSorted((a, b) => a.from - b.from).slice(0, 500), more: false, chart: chart ?? null, partial: null }
}

// --- violations ---

const checkout = shopApp.bts.find((b) => b.name === 'POST /checkout')
const of = (id, ruleId, entity, entity_kind, level, status, ago, lasted) => ({ id, rule: { id: ruleId, name: rules.find((one) => one.id === ruleId).rule.name }, application: shop, entity: ref(entity), entity_kind, level, status, opened_at: START - ago * MINUTE, changed_at: START - Math.max(0, ago - 6) * MINUTE, closed_at: status === 'OPEN' ? null : START - (ago - lasted) * MINUTE })
const violations = [
  of(4, 11, checkout, 'BUSINESS_TRANSACTION', 'CRITICAL', 'OPEN', 22, 0),
  of(3, 12, nodesOf()[0], 'NODE', 'WARNING', 'OPEN', 31, 0),
  of(2, 16, checkout, 'BUSINESS_TRANSACTION', 'CRITICAL', 'RESOLVED', 35, 14),
  of(1, 14, shopApp.entities[5], 'TIER', 'CRITICAL', 'CANCELED', 38, 3),
]

function detailOf(violation) {
  const body = rules.find((one) => one.id === violation.rule.id)?.rule ?? FACTORY[0]
  const entity = { ...violation.entity, thing: shopApp.bts.find((b) => b.id === violation.entity.id) }
  const change = (kind, level, at, reason = '') => {
    const criteria = (level === 'CRITICAL' ? body.critical : body.warning) ?? body.critical
    const evidence = { ...evidenceOf(level, criteria, body.window_minutes, entity, at - MINUTE), reason }
    for (const c of evidence.conditions) {
      const held = kind !== 'CLOSED'
      c.value = c.threshold * (held ? 1.38 : 0.71)
      c.holds = held
    }
    if (reason) evidence.conditions = []
    return { kind, level, at, evidence, summary: reason || sentence(evidence) }
  }
  const changes = [change('OPENED', body.warning ? 'WARNING' : 'CRITICAL', violation.opened_at)]
  if (body.warning && violation.level === 'CRITICAL') changes.push(change('UPGRADED', 'CRITICAL', violation.opened_at + 6 * MINUTE))
  if (violation.status === 'RESOLVED') changes.push(change('CLOSED', violation.level, violation.closed_at))
  if (violation.status === 'CANCELED') changes.push(change('CANCELED', violation.level, violation.closed_at, 'nothing was reported for an hour'))
  return { violation: { ...violation, summary: changes.at(-1).summary || changes[0].summary }, rule: body, changes }
}

/** Those of some ids, as lists tell them. */
export const violationsOf = (ids) => violations.filter((v) => ids.includes(v.id)).map((v) => detailOf(v).violation)

function listed(r) {
  const is = (name, value) => !r.query.get(name) || r.query.get(name) === String(value)
  const found = violations.filter((v) => is('application', v.application.id) && is('entity', v.entity.id) && is('rule', v.rule.id) && is('status', v.status) && is('level', v.level) && v.opened_at <= r.to && (v.closed_at ?? r.to) >= r.from)
  return { items: r.empty ? [] : found.map((v) => detailOf(v).violation), next: null }
}

function entityHealth(r, id) {
  if (!ofShop(id)) return { at: START, entities: [], partial: null }
  const open = violations.filter((v) => v.status === 'OPEN')
  const ids = new Set(['BUSINESS_TRANSACTIONS', 'TIERS', 'NODES'].flatMap((kind) => entitiesOf(kind).map((e) => e.id)))
  return { at: START, partial: null, entities: [...ids].map((one) => ({ id: one, health: one === 17 ? 'UNKNOWN' : (open.find((v) => v.entity.id === one)?.level ?? 'NORMAL') })) }
}

// --- changes ---

const findRule = (id) => rules.find((one) => one.id === Number(id))

function put(one, body, now) {
  Object.assign(one, { rule: body, version: one.version + 1, changed_at: now })
  return shown(one)
}

const BASE = '^\\/api\\/v1\\/applications\\/(\\d+)\\/'
const at = (rest) => new RegExp(`${BASE}${rest}$`)

export const healthRules = [
  ['GET', at('health-rules'), (r, app) => ({ items: ofShop(app) && !r.empty ? rules.map(shown) : [], next: null })],
  ['POST', at('health-rules\\/affected'), ({ body }) => {
    const found = affectedBy(body)
    return { entities: found.slice(0, 200).map(ref), total: found.length }
  }],
  ['POST', at('health-rules\\/back-test'), backTest],
  ['POST', at('health-rules'), ({ body, now }) => {
    const one = { id: ++lastId, version: 1, changed_at: now, rule: body }
    rules.push(one)
    return shown(one)
  }],
  ['GET', at('health-rules\\/(\\d+)'), (_, app, id) => (findRule(id) ? shown(findRule(id)) : null)],
  ['PUT', at('health-rules\\/(\\d+)'), ({ body, now }, app, id) => (findRule(id) ? put(findRule(id), body, now) : null)],
  ['PUT', at('health-rules\\/(\\d+)\\/enabled'), ({ body, now }, app, id) => (findRule(id) ? put(findRule(id), { ...findRule(id).rule, enabled: body.enabled }, now) : null)],
  ['DELETE', at('health-rules\\/(\\d+)'), (_, app, id) => {
    if (!findRule(id)) return null
    rules.splice(rules.indexOf(findRule(id)), 1)
    return undefined
  }],
  ['GET', at('schedules'), (r, app) => ({ items: ofShop(app) && !r.empty ? schedules : [], next: null })],
  ['POST', at('schedules'), ({ body }) => {
    schedules.push({ id: ++lastId, schedule: body })
    return schedules.at(-1)
  }],
  ['PUT', at('schedules\\/(\\d+)'), ({ body }, app, id) => {
    const one = schedules.find((it) => it.id === Number(id))
    return one ? Object.assign(one, { schedule: body }) : null
  }],
  ['DELETE', at('schedules\\/(\\d+)'), (_, app, id) => {
    const place = schedules.findIndex((it) => it.id === Number(id))
    if (place < 0) return null
    schedules.splice(place, 1)
    return undefined
  }],
  ['GET', at('entity-health'), entityHealth],
  ['GET', /^\/api\/v1\/violations$/, listed],
  ['GET', /^\/api\/v1\/violations\/(\d+)$/, (_, id) => {
    const found = violations.find((v) => v.id === Number(id))
    return found ? detailOf(found) : null
  }],
]
