// Users, groups, roles, sessions and the audit log, kept in memory and changed by the pages.
const ALL = [
  ['view', 'see applications with their figures, traces, logs and rules', true],
  ['configure', 'change how applications are watched', true],
  ['delete', 'delete what was made for applications', true],
  ['sensitive-data', 'see statements, URLs, attributes and bodies of log records as they were reported', true],
  ['administer-users', 'make, change and remove users, groups and roles', false],
  ['administer-account', 'manage access keys, API clients and settings', false],
  ['view-audit', 'read the audit log', false],
  ['view-system', 'see how Vedette itself is: storage, limits, refusals', false],
]
const names = ALL.map(([name]) => name)
const over = (permissions, application = null) => permissions.map((permission) => ({ permission, application }))
const START = Date.now() - 7_200_000

/** What is asked with other methods than GET and changes nothing, or only what is one's own. */
const OWN = /\/(preview|back-test|anomaly-back-test|affected)$|^\/api\/v1\/(saved-searches|profile|session)/

/** What `viewer` lacks, by the beginning of a path. */
const NEEDED = [
  [/^\/api\/v1\/(users|groups|roles|sessions)/, 'administer-users'],
  [/^\/api\/v1\/(access-keys|api-clients|connect$)/, 'administer-account'],
  [/^\/api\/v1\/audit/, 'view-audit'],
  [/^\/api\/v1\/(storage|limits|health|connect\/attempts)/, 'view-system'],
]

/** The refusal of a request of a user, if it is refused. */
export function refusalOf(user, method, path) {
  if (user !== 'viewer') return null
  const changes = method === 'DELETE' ? 'delete' : 'configure'
  const needed = NEEDED.find(([pattern]) => pattern.test(path))?.[1] ?? (method === 'GET' || OWN.test(path) ? null : changes)
  if (!needed) return null
  const allows = ALL.find(([name]) => name === needed)[1]
  return `you lack the permission ${needed} over the account: it allows to ${allows}; it can be granted by admin`
}

let newcomerChanged = false

/** What a session says of a user beside its name. */
export const accessOf = (user) => ({
  permissions: { account: user === 'viewer' ? ['view'] : names, applications: {} },
  must_change_password: user === 'newcomer' && !newcomerChanged,
})

const roles = [
  { id: 1, name: 'Account Owner', description: 'May do everything', predefined: true, grants: over(names) },
  { id: 2, name: 'Administrator', description: 'Everything but access keys, API clients and settings of the account', predefined: true, grants: over(names.filter((name) => name !== 'administer-account')) },
  { id: 3, name: 'Operator', description: 'Sees and changes how all applications are watched', predefined: true, grants: over(['view', 'configure', 'delete', 'sensitive-data', 'view-system']) },
  { id: 4, name: 'User', description: 'Sees all applications, sensitive data included', predefined: true, grants: over(['view', 'sensitive-data']) },
  { id: 5, name: 'Viewer', description: 'Sees all applications without sensitive data', predefined: true, grants: over(['view']) },
  { id: 101, name: 'Shop keeper', description: 'Runs the shop', predefined: false, grants: over(['view', 'configure'], 1) },
]
const person = (id, name, display_name, more) => ({ id, name, display_name, email: `${name}@example.com`, enabled: true, must_change_password: false, locked_until: null, last_sign_in_at: START, created_at: START - 86_400_000, roles: [5], groups: [], ...more })
const users = [
  person(1, 'admin', 'Administrator', { roles: [1] }),
  person(2, 'ada', 'Ada Lovelace', { roles: [], groups: [1] }),
  person(3, 'grace', 'Grace Hopper', { locked_until: Date.now() + 600_000, roles: [3] }),
  person(4, 'linus', '', { enabled: false, last_sign_in_at: null }),
  person(5, 'margaret', 'Margaret Hamilton', { must_change_password: true, last_sign_in_at: null }),
]
const groups = [{ id: 1, name: 'Shop team', description: 'Who runs the shop', users: [2], roles: [101] }]
const session = (id, user_id, name, agent, own) => ({ id, user_id, user: name, address: '192.0.2.7', agent, began_at: START, seen_at: Date.now() - 40_000, expires_at: Date.now() + 1_800_000, own })
let sessions = [
  session('5f1c0a9be2d344718c90ab12', 1, 'admin', 'Mozilla/5.0 (X11; Linux x86_64) Firefox/145.0', true),
  session('9b1c0a9be2d344718c90ab13', 1, 'admin', 'Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X)', false),
  session('771c0a9be2d344718c90ab14', 2, 'ada', 'Mozilla/5.0 (Macintosh) Safari/621.1', false),
]
const entries = []

function note(action, object_type, object, before, after, at = Date.now()) {
  entries.unshift({ id: entries.length + 1, at, actor_kind: 'user', actor: 'admin', address: '192.0.2.7', action, object_type, object_id: String(object.id ?? ''), object_name: object.name ?? '', before, after })
}
note('sign in', 'user', users[0], null, null, START)
entries.unshift({ ...entries[0], id: 2, at: START + 60_000, actor_kind: 'stranger', actor: '(unknown)', address: '198.51.100.4', action: 'failed sign-in', object_id: '', object_name: '' })
note('change', 'role', roles[5], { name: 'Shop keeper', grants: over(['view'], 1) }, { name: 'Shop keeper', grants: over(['view', 'configure'], 1) }, START + 120_000)

const page = (items) => ({ items: structuredClone(items), next: null })

/** The handlers of a list whose members are made, put and deleted. */
function resource(name, object, list, fresh) {
  const path = `^/api/v1/${name}`
  return [
    ['GET', new RegExp(`${path}$`), () => page(list)],
    ['POST', new RegExp(`${path}$`), ({ body }) => {
      const { password: _, ...rest } = body
      const made = { ...fresh(), ...rest, id: Math.max(100, ...list.map((one) => one.id)) + 1 }
      list.push(made)
      note('create', object, made, null, rest)
      return made
    }],
    ['PUT', new RegExp(`${path}/(\\d+)$`), ({ body }, id) => {
      const known = list.find((one) => one.id === Number(id))
      if (!known) return null
      note('change', object, known, structuredClone(known), body)
      return Object.assign(known, body)
    }],
    ['DELETE', new RegExp(`${path}/(\\d+)$`), (_, id) => {
      const at = list.findIndex((one) => one.id === Number(id))
      if (at < 0) return null
      note('delete', object, list[at], list[at], null)
      list.splice(at, 1)
      return undefined
    }],
  ]
}

function endSession(_, id) {
  sessions = sessions.filter((one) => one.id !== id)
  return undefined
}

function audit({ query, from, to }) {
  const part = (query.get('q') ?? '').toLowerCase()
  const is = (name, value) => !query.get(name) || query.get(name) === value
  return page(entries.filter((entry) => entry.at >= from && entry.at <= to && is('actor', entry.actor) && is('action', entry.action) && `${entry.actor} ${entry.object_name} ${entry.object_id}`.toLowerCase().includes(part)))
}

export const access = [
  ['GET', /^\/api\/v1\/permissions$/, () => ({ items: ALL.map(([name, allows, of_applications]) => ({ name, allows, of_applications })) })],
  ...resource('users', 'user', users, () => person(0, '', '', { must_change_password: true, last_sign_in_at: null })),
  ...resource('groups', 'group', groups, () => ({ users: [], roles: [] })),
  ...resource('roles', 'role', roles, () => ({ predefined: false, grants: [] })),
  ['PUT', /^\/api\/v1\/users\/(\d+)\/password$/, () => undefined],
  ['DELETE', /^\/api\/v1\/users\/(\d+)\/sessions$/, () => undefined],
  ['DELETE', /^\/api\/v1\/users\/(\d+)\/lock$/, (_, id) => {
    users.find((one) => one.id === Number(id)).locked_until = null
    return undefined
  }],
  ['GET', /^\/api\/v1\/sessions$/, () => page(sessions)],
  ['DELETE', /^\/api\/v1\/sessions\/(\w+)$/, endSession],
  ['GET', /^\/api\/v1\/profile\/sessions$/, () => page(sessions.filter((one) => one.user_id === 1))],
  ['DELETE', /^\/api\/v1\/profile\/sessions\/(\w+)$/, endSession],
  ['PUT', /^\/api\/v1\/profile\/password$/, () => {
    newcomerChanged = true
    return undefined
  }],
  ['GET', /^\/api\/v1\/audit$/, audit],
]
