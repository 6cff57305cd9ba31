// Baselines of applications, what they expect of a made-up thing, and how its figures lie to that.
import { noise } from './random.mjs'

const HOUR = 3_600_000
const FACTORY = [
  [1, 'Daily Trend - Last 30 days', 'day', 30],
  [2, 'Weekly Trend - Last 3 months', 'week', 90],
  [3, 'Monthly Trend - Last 1 year', 'month', 365],
  [4, 'All data - Last 15 days', 'none', 15],
].map(([id, name, season, days]) => ({ id, name, season, window: { kind: 'rolling', days }, factory: true }))

const own = new Map()
const defaults = new Map()
const account = { id: 1, name: 'customer1', time_zone: 'UTC' }

export function baselinesOf(application) {
  const chosen = defaults.get(application) ?? 1
  return [...FACTORY, ...(own.get(application) ?? [])].map((one) => ({ ...one, default: one.id === chosen }))
}

/** What is expected of a thing in an hour. One that is called seldom has none yet. */
function expectedOf(thing, at) {
  if (thing.rate < 0.3) return null
  const hour = (at / HOUR) % 24
  const calls = thing.rate * (0.8 + 0.25 * Math.sin(((hour + 0.5 - 8) / 24) * 2 * Math.PI))
  const of = (mean, deviation) => ({ mean, deviation, minutes: 1740, hours: 29, from: 'season' })
  return { calls: of(calls, calls * 0.12 + Math.sqrt(calls) * 0.3), average_ms: of(thing.ms * 1.04, thing.ms * 0.16), errors: of(calls * thing.errors, Math.sqrt(Math.max(calls * thing.errors, 0.3))) }
}

const hoursOf = (from, to) => Array.from({ length: Math.ceil(to / HOUR) - Math.floor(from / HOUR) }, (_, i) => (Math.floor(from / HOUR) + i) * HOUR)

/** What is expected of a value that swings around its mean, hour by hour. */
export function gaugeBands({ mean, swing }, from, to, choice) {
  if (!choice || choice === 'none') return null
  return hoursOf(from, to).map((at) => ({ at, band: { mean, deviation: swing * 0.4, minutes: 1740, hours: 29, from: 'season' } }))
}

export function bandsOf(thing, from, to, choice, application) {
  if (!choice || choice === 'none') return null
  const all = baselinesOf(application)
  const baseline = all.find((one) => (choice === 'default' ? one.default : String(one.id) === choice)) ?? all[0]
  const hours = hoursOf(from, to).map((at) => ({ at, ...(expectedOf(thing, at) ?? { calls: null, average_ms: null, errors: null }) }))
  return { baseline: { id: baseline.id, name: baseline.name }, time_zone: account.time_zone, hours }
}

const stateOf = (sigmas) => (sigmas >= 3 ? 'critical' : sigmas >= 2 ? 'warning' : 'normal')
const RANK = { normal: 1, warning: 2, critical: 3 }

/** How figures lie to it. Some things are slower than ever, so that there is something to see. */
export function deviationOf(thing, figures, to) {
  const expected = expectedOf(thing, to)
  if (!expected) return { state: 'no_baseline', response_time: null, errors: null, calls: null }
  const chosen = noise(thing.seed, 'baseline')
  const slow = chosen > 0.9 ? 3.6 : chosen > 0.78 ? 2.3 : chosen * 1.2 - 0.5
  const of = (value, { mean, deviation, from }, sigmas = (value - mean) / deviation) => ({ state: stateOf(sigmas), value, expected: value - sigmas * deviation, deviation, sigmas, from })
  const time = figures.average_ms === null ? null : of(figures.average_ms, { ...expected.average_ms, deviation: figures.average_ms * 0.12 }, slow)
  const errors = of(figures.errors_per_minute, expected.errors, Math.min(1.4, (figures.errors_per_minute - expected.errors.mean) / expected.errors.deviation))
  const states = [time, errors].filter(Boolean).map((one) => one.state)
  return { state: states.toSorted((a, b) => RANK[b] - RANK[a])[0], response_time: time, errors, calls: of(figures.calls_per_minute, expected.calls) }
}

function add({ body }, id) {
  const application = Number(id)
  const mine = own.get(application) ?? own.set(application, []).get(application)
  mine.push({ id: 101 + mine.length, ...body, factory: false })
  return baselinesOf(application).at(-1)
}

function choose({ body }, id) {
  defaults.set(Number(id), body.id)
  return baselinesOf(Number(id)).find((one) => one.id === body.id) ?? null
}

function remove(_, id, baseline) {
  const mine = own.get(Number(id)) ?? []
  const at = mine.findIndex((one) => one.id === Number(baseline))
  if (at < 0) return null
  mine.splice(at, 1)
  if (defaults.get(Number(id)) === Number(baseline)) defaults.delete(Number(id))
  return undefined
}

function setZone({ body }) {
  account.time_zone = body.time_zone
  return { ...account }
}

export const baselineRoutes = [
  ['GET', /^\/api\/v1\/applications\/(\d+)\/baselines$/, (_, id) => ({ items: baselinesOf(Number(id)), next: null })],
  ['POST', /^\/api\/v1\/applications\/(\d+)\/baselines$/, add],
  ['PUT', /^\/api\/v1\/applications\/(\d+)\/baselines\/default$/, choose],
  ['DELETE', /^\/api\/v1\/applications\/(\d+)\/baselines\/(\d+)$/, remove],
  ['GET', /^\/api\/v1\/account$/, () => ({ ...account })],
  ['PUT', /^\/api\/v1\/account\/time-zone$/, setZone],
]
