// The metric tree of a made-up application, and the data of its metrics.
import { ERRORS, errorThing } from './entities.mjs'
import { series as seriesOf } from './figures.mjs'
import { noise } from './random.mjs'
import { applicationThing, btThing, edgeThing, nodeName, thingOf } from './topology.mjs'

const MINUTE = 60_000
const OF_CALLS = { 'Average Response Time (ms)': ['ms', (p) => p.average_ms], 'Calls per Minute': ['per minute', (p, m) => p.calls / m], 'Errors per Minute': ['per minute', (p, m) => p.errors / m] }
/** Where the bands of a thing have what is expected of its metrics. */
const EXPECTED = { 'Average Response Time (ms)': 'average_ms', 'Calls per Minute': 'calls', 'Errors per Minute': 'errors' }
/** An exception is all there is to count of it. */
const OF_ERROR = { 'Errors per Minute': ['per minute', (p, m) => p.calls / m] }
const OF_TIER = { ...OF_CALLS, 'Number of Slow Calls': ['calls', (p) => p.slow], 'Stall Count': ['calls', (p) => p.stall], '95th Percentile Response Time (ms)': ['ms', (p) => p.p95_ms] }
const REPORTED = { 'Hardware Resources': { CPU: { '%Busy': ['%', 38, 20] }, Memory: { 'Used %': ['%', 61, 4], 'Used (MB)': ['MB', 3910, 80] } }, 'JVM': { 'Memory|Heap': { 'Current Usage (MB)': ['MB', 310, 160] }, 'Garbage Collection': { 'GC Time Spent Per Min (ms)': ['ms', 210, 190] } } }

const leaves = (thing, of) => Object.fromEntries(Object.entries(of).map(([name, [unit, value]]) => [name, { unit, thing, value }]))

function reported(seed, tree = REPORTED) {
  return Object.fromEntries(Object.entries(tree).map(([name, below]) => [name, Array.isArray(below) ? { unit: below[0], gauge: { seed: seed + name, mean: below[1], swing: below[2] } } : reported(seed + name, below)]))
}

/** Folders are plain objects; a metric has a `unit`. */
function treeOf(app) {
  const tiers = app.entities.filter((e) => e.kind === 'tier')
  const byTier = (of) => Object.fromEntries(tiers.map((t) => [t.name, of(t)]))
  const nodes = (t, of) => ({ 'Individual Nodes': Object.fromEntries(Array.from({ length: t.nodes }, (_, i) => [nodeName(app, t, i), of(i)])) })
  const calls = (t) => ({ 'External Calls': Object.fromEntries(app.edges.filter((e) => e.from === t.id).map((e) => [`Call-${e.type} to ${app.entities.find((x) => x.id === e.to)?.name}`, leaves(edgeThing(e), OF_CALLS)])) })
  return {
    'Overall Application Performance': { ...leaves(applicationThing(app), OF_TIER), ...byTier((t) => ({ ...leaves(thingOf(app, t), OF_TIER), ...nodes(t, (i) => leaves({ ...thingOf(app, t), seed: `n${t.id}${i}` }, OF_TIER)), ...calls(t) })) },
    'Business Transaction Performance': { 'Business Transactions': byTier((t) => Object.fromEntries(app.bts.filter((b) => b.tier === t.id).map((b) => [b.name, leaves(btThing(b), OF_TIER)]))) },
    Backends: Object.fromEntries(app.entities.filter((e) => e.kind !== 'tier').map((e) => [e.name, leaves(thingOf(app, e), OF_CALLS)])),
    Errors: byTier((t) => Object.fromEntries(ERRORS.filter((e) => e.tier.id === t.id).map((e) => [`${e.type}: ${e.message}`, leaves({ ...errorThing(e), counted: 'calls' }, OF_ERROR)]))),
    'Application Infrastructure Performance': byTier((t) => ({ ...nodes(t, (i) => reported(`r${t.id}${i}`)), ...reported(`r${t.id}`) })),
  }
}

const isLeaf = (node) => typeof node.unit === 'string'

/** The places at a path, whose segments may be `*`. */
function at(tree, path) {
  let found = [[[], tree]]
  for (const segment of path.split('|').filter(Boolean)) {
    found = found.flatMap(([names, node]) => (isLeaf(node) ? [] : Object.entries(node).filter(([name]) => segment === '*' || segment === name).map(([name, below]) => [[...names, name], below])))
  }
  return found
}

function* metricsBelow(node, names = []) {
  if (isLeaf(node)) yield [names, node]
  else for (const [name, below] of Object.entries(node)) yield* metricsBelow(below, [...names, name])
}

export function level(app, r) {
  const items = at(treeOf(app), r.query.get('prefix') ?? '').flatMap(([, node]) => Object.entries(node).map(([name, below]) => ({ name, leaf: isLeaf(below) })))
  return { items, partial: null }
}

/** Words anywhere, as the server has it; bars are taken for spaces. */
export function search(app, r) {
  const words = (r.query.get('text') ?? '').toLowerCase().split(/[\s|]+/).filter(Boolean)
  return [...metricsBelow(treeOf(app))].map(([names, { unit }]) => ({ path: names.join('|'), unit })).filter(({ path }) => words.every((word) => path.toLowerCase().includes(word)))
}

function gaugePoints({ seed, mean, swing }, per, r) {
  const points = []
  const width = per * MINUTE
  for (let t = Math.floor(r.from / width) * width; t < Math.min(r.to, r.now); t += width) {
    const value = mean + swing * (noise(seed, t) - 0.5 + Math.sin(t / MINUTE / 9 + noise(seed) * 6) / 2)
    points.push({ at: t, value, min: value - swing / 8, max: value + swing / 8, sum: value * 4 * per, count: 4 * per })
  }
  return points
}

export function data(app, r) {
  const range = seriesOf(applicationThing(app), r.from, r.to, r.now)
  const per = range.minutes_per_point
  const points = ({ thing, value, gauge }) => {
    if (gauge) return gaugePoints(gauge, per, r)
    const found = seriesOf(thing, r.from, r.to, r.now).points.filter((p) => p.at < r.now)
    return found.map((p) => [p.at, value(p, per), p.calls]).filter(([, v]) => v !== null).map(([t, v, calls]) => ({ at: t, value: v, min: v * 0.4, max: v * 2.1, sum: v * Math.max(1, calls), count: Math.max(1, calls) }))
  }
  const bands = ({ thing }) => thing && seriesOf(thing, r.from, r.to, r.now, { choice: r.query.get('baseline') }).bands
  const ofHour = (name, { thing }) => thing?.counted ?? EXPECTED[name]
  const expected = (name, node) => (ofHour(name, node) && bands(node)?.hours.map((hour) => ({ at: hour.at, band: hour[ofHour(name, node)] }))) ?? null
  const found = at(treeOf(app), r.query.get('path') ?? '').filter(([, node]) => isLeaf(node))
  const items = found.map(([names, node]) => ({ path: names.join('|'), unit: node.unit, points: points(node), expected: expected(names.at(-1), node) }))
  return { items, minutes_per_point: per, filling_from: range.filling_from, baseline: bands({ thing: applicationThing(app) })?.baseline ?? null, partial: null }
}
