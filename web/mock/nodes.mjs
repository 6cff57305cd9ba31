// Nodes, those that are gone too, and what their agents report of runtime and host.
import { applications, nodeName, thingOf } from './topology.mjs'
import { gaugeBands } from './baselines.mjs'
import { figures, minuteOf, series } from './figures.mjs'
import { nodeMap } from './layouts.mjs'
import { noise } from './random.mjs'

function body(app, tier, i, r) {
  const thing = thingOf(app, tier)
  const gone = i >= tier.nodes
  return {
    id: tier.id * 100 + i, name: gone ? `${tier.name}-5c1a-1` : nodeName(app, tier, i), tier: { id: tier.id, name: tier.name }, runtime: tier.runtime, agent: tier.agent,
    last_seen: gone ? r.now - 9 * 3_600_000 : r.now - 4000 * (i + 1), historical: gone, figures: figures({ ...thing, seed: `n${tier.id}${i}`, rate: gone ? 0 : thing.rate / tier.nodes }, r.from, r.to, r.now),
  }
}

export function nodes(app, r) {
  const extra = r.query.get('historical') === 'true' ? 1 : 0
  const tier = Number(r.query.get('tier'))
  return app.entities.filter((e) => e.kind === 'tier' && (!tier || e.id === tier)).flatMap((t) => Array.from({ length: t.nodes + extra }, (_, i) => body(app, t, i, r)))
}

function find(id) {
  const [tierId, i] = [Math.floor(id / 100), id % 100]
  for (const app of applications) {
    const tier = app.entities.find((e) => e.id === tierId && e.kind === 'tier')
    if (tier && i <= tier.nodes) return { app, tier, i }
  }
  return null
}

const HOST = [
  ['Hardware Resources|CPU|%Busy', '%', 34, 9], ['Hardware Resources|CPU|%User', '%', 22, 6], ['Hardware Resources|CPU|%System', '%', 9, 3],
  ['Hardware Resources|Memory|Used %', '%', 61, 2], ['Hardware Resources|Disks|%Busy', '%', 4, 3],
  ['Process|CPU|Usage %', '%', 18, 6], ['Process|Threads|Current No. of Threads', '', 34, 2], ['Process|File Descriptors|Open', '', 210, 12],
]
const RUNTIME = {
  java: [['JVM|Memory|Heap|Used %', '%', 58, 16], ['JVM|Garbage Collection|GC Time Spent Per Min (ms)', 'ms', 140, 70], ['JVM|Threads|Current No. of Threads', '', 61, 3]],
  nodejs: [['Node.js|Event Loop|Utilization %', '%', 31, 12], ['Node.js|Memory|Heap|Current Usage (MB)', 'MB', 84, 18], ['Node.js|Garbage Collection|GC Time Spent Per Min (ms)', 'ms', 90, 40]],
}

function seriesOf(tier, name, r) {
  const over = series({ seed: name, rate: 10, ms: 1, errors: 0 }, r.from, r.to, r.now)
  return [...HOST, ...(RUNTIME[tier.runtime] ?? [])].map(([path, unit, middle, spread]) => ({
    path: `Application Infrastructure Performance|${tier.name}|Individual Nodes|${name}|${path}`, unit,
    points: over.points.map((p) => {
      const value = Math.max(0, middle + spread * (2 * noise(name, path, p.at) - 1) + spread * Math.sin(p.at / 900_000))
      return { at: p.at, value, min: value * 0.9, max: value * 1.1, sum: value * 4, count: 4 }
    }),
    expected: gaugeBands({ mean: middle, swing: spread }, r.from, r.to, r.query.get('baseline')),
  })).concat({ path: `Application Infrastructure Performance|${tier.name}|Individual Nodes|${name}|Process|Uptime (s)`, unit: 's', points: over.points.map((p) => {
    const since = (p.at - minuteOf(r.now) + 25 * 60_000) / 1000
    const value = since >= 0 ? since : 40_000 + since
    return { at: p.at, value, min: value, max: value, sum: value * 4, count: 4 }
  }) })
}

/** What one node's runtime and hardware report: series whose paths have as many segments as the pattern; undefined for other paths. */
export function nodeMetricData(app, r) {
  const wanted = (r.query.get('path') ?? '').split('|')
  const tier = app.entities.find((e) => e.name === wanted[1])
  if (!tier || wanted[0] !== 'Application Infrastructure Performance' || wanted[2] !== 'Individual Nodes') return undefined
  const node = wanted[3]
  return { items: seriesOf(tier, node, r).filter((s) => s.path.split('|').length === wanted.length && s.path.split('|').every((part, i) => wanted[i] === '*' || wanted[i] === part)) }
}

export const nodeRoutes = [
  ['GET', /^\/api\/v1\/nodes\/(\d+)\/flow-map$/, (r, id) => {
    const found = find(Number(id))
    return found && nodeMap(found.app, found.tier, { id: Number(id), name: nodeName(found.app, found.tier, found.i) }, r)
  }],
  ['GET', /^\/api\/v1\/nodes\/(\d+)$/, (r, id) => {
    const found = find(Number(id))
    return found && { ...body(found.app, found.tier, found.i, r), application: { id: found.app.id, name: found.app.name }, host: `host-${1 + (found.i % 3)}`, first_seen: r.from - 86_400_000 }
  }],
  ['GET', /^\/api\/v1\/nodes\/(\d+)\/series$/, (r, id) => {
    const found = find(Number(id))
    if (!found) return null
    const thing = thingOf(found.app, found.tier)
    return series({ ...thing, seed: `n${found.tier.id}${found.i}`, rate: thing.rate / Math.max(1, found.tier.nodes) }, r.from, r.to, r.now, { choice: r.query.get('baseline') })
  }],
]
