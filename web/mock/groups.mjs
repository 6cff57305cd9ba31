// Groups of business transactions, and what operators say of them.
import { applications } from './topology.mjs'
import { figures, series, sparkline } from './figures.mjs'
import { findBt, under } from './entities.mjs'

/** Group of an application: id → {name, members}. */
const groups = new Map()
const excluded = new Set()
const background = new Map()
let next = 1

const of = (app) => groups.get(app.id) ?? groups.set(app.id, new Map()).get(app.id)
const ref = ({ id, name }) => ({ id, name })
export const isExcluded = (bt) => excluded.has(bt.id)

/** What was said of a business transaction. */
export function saidOf(app, bt) {
  const group = [...of(app)].find(([, g]) => g.members.has(bt.id))
  const marked = background.get(bt.id) ?? null
  return { background: marked ?? bt.background, background_marked: marked, excluded: isExcluded(bt), group: group ? { id: group[0], name: group[1].name } : null }
}

const membersOf = (app, group) => app.bts.filter((bt) => group.members.has(bt.id) && !isExcluded(bt))

/** All members as one thing. */
function together(members, id) {
  const rate = members.reduce((s, b) => s + b.rate, 0)
  const mean = (value) => (rate ? members.reduce((s, b) => s + b.rate * value(b), 0) / rate : 0)
  return { seed: `gr${id}`, rate, ms: mean((b) => b.ms), errors: mean((b) => b.errors) }
}

function body(app, id, group, r) {
  const members = membersOf(app, group)
  const thing = together(members, id)
  return { id, name: group.name, business_transactions: members.map(ref), figures: figures(thing, r.from, r.to, r.now), sparkline: sparkline(thing, r.from, r.to, r.now) }
}

const at = (make) => (r, app, id) => {
  const found = applications.find((a) => a.id === Number(app))
  const group = found && of(found).get(Number(id))
  return group ? make(found, Number(id), group, r) : null
}

const put = (app, id, { name, business_transactions }) => {
  for (const group of of(app).values()) for (const bt of business_transactions) group.members.delete(bt)
  of(app).set(id, { name, members: new Set(business_transactions) })
  return { id, name }
}

/** `btBody` is made elsewhere: a member is a business transaction like all. */
export const groupRoutes = (btBody) => [
  ['GET', /^\/api\/v1\/applications\/(\d+)\/transaction-groups$/, (r, id) => {
    const app = applications.find((a) => a.id === Number(id))
    return app && { items: [...of(app)].map(([number, group]) => body(app, number, group, r)), next: null, partial: null }
  }],
  ['POST', /^\/api\/v1\/applications\/(\d+)\/transaction-groups$/, (r, id) => put(applications.find((a) => a.id === Number(id)), next++, r.body)],
  ['GET', /^\/api\/v1\/applications\/(\d+)\/transaction-groups\/(\d+)$/, at((app, id, group, r) => ({ ...body(app, id, group, r), application: ref(app), members: membersOf(app, group).map((bt) => btBody(app, bt, r)), partial: null }))],
  ['PUT', /^\/api\/v1\/applications\/(\d+)\/transaction-groups\/(\d+)$/, at((app, id, _, r) => put(app, id, r.body))],
  ['DELETE', /^\/api\/v1\/applications\/(\d+)\/transaction-groups\/(\d+)$/, at((app, id) => void of(app).delete(id))],
  ['GET', /^\/api\/v1\/applications\/(\d+)\/transaction-groups\/(\d+)\/series$/, at((app, id, group, r) => series(together(membersOf(app, group), id), r.from, r.to, r.now))],
  ['GET', /^\/api\/v1\/applications\/(\d+)\/transaction-groups\/(\d+)\/flow-map$/, at((app, _, group, r) => {
    const maps = membersOf(app, group).map((bt) => under({ app, bt }, r))
    const nodes = new Map(maps.flatMap((map) => map.nodes).map((node) => [node.id, node]))
    const edges = new Map(maps.flatMap((map) => map.edges).map((edge) => [`${edge.from}-${edge.to}`, edge]))
    return { application: ref(app), nodes: [...nodes.values()], edges: [...edges.values()], filling_from: maps[0]?.filling_from ?? null, partial: null }
  })],
  ['PUT', /^\/api\/v1\/business-transactions\/(\d+)\/exclusion$/, (r, id) => {
    if (!findBt(Number(id))) return null
    excluded[r.body.excluded ? 'add' : 'delete'](Number(id))
    return r.body
  }],
  ['PUT', /^\/api\/v1\/business-transactions\/(\d+)\/background$/, (r, id) => {
    background.set(Number(id), r.body.marked)
    return r.body
  }],
]
