// What whoever runs Vedette asks: storage, limits, health, access keys. Made up, and moving where the real one moves.

const DAY = 86_400_000
const GIB = 2 ** 30
const START = Date.now() - 3 * 3_600_000

const TABLES = [
  ['spans', 'Every span of every trace', 'retention-traces', 1, 44.4, 90_000_000],
  ['trace-index', 'What traces are found by', 'retention-snapshots', 14, 30, 9_000_000],
  ['snapshots', 'Spans of chosen traces: slow, failed, periodic', 'retention-snapshots', 14, 52, 400_000],
  ['figures', 'Calls, errors and response times by the minute', 'retention-minutes', 8, 61, 1_200_000],
  ['metrics', 'Metrics by the minute', 'retention-minutes', 8, 12, 4_000_000],
  ['samples', 'Raw metric points', 'retention-samples', 8, 1.4, 0],
  ['counted-samples', 'Metric points that minutes are worked out of', 'retention-samples', 8, 1.4, 140_000_000],
  ['series', 'Whom and what metric points are of', 'retention-samples', 8, 96, 40_000],
  ['logs', 'Log records', 'retention-logs', 8, 38, 6_000_000],
  ['figures-10m', 'Calls, errors and response times by ten minutes', 'retention-ten-minutes', 32, 66, 120_000],
  ['metrics-10m', 'Metrics by ten minutes', 'retention-ten-minutes', 32, 15, 400_000],
  ['figures-1h', 'Calls, errors and response times by the hour', 'retention-hours', 400, 70, 20_000],
  ['metrics-1h', 'Metrics by the hour', 'retention-hours', 400, 19, 70_000],
  ['events', 'Deployments, restarts, changes, and what scripts post', 'retention-events', 14, 420, 60],
]

function storage({ now }) {
  const tables = TABLES.map(([table, what, setting, days, aRow, rowsADay]) => {
    const kept = Math.min(days, 3)
    const rows = Math.round(rowsADay * kept)
    const bytesADay = Math.round(rowsADay * aRow)
    return {
      table,
      what,
      setting,
      bytes: Math.round(rows * aRow),
      rows,
      segments: rows ? Math.ceil(kept * 8) : 0,
      oldest: rows ? now - kept * DAY : null,
      newest: rows ? now - 9_000 : null,
      retention_ms: days * DAY,
      bytes_per_day: rows ? bytesADay : null,
      expected_bytes: rows ? bytesADay * days : null,
    }
  })
  const disk = { total_bytes: 200 * GIB, free_bytes: 71 * GIB, refuse_below_bytes: 10 * GIB, make_room_below_bytes: 16 * GIB, dropped_bytes: 0 }
  return { tables, disk, journal: { bytes: 38_000_000 + (now % 20_000_000), max_bytes: 4 * GIB, setting: 'journal-max-bytes' } }
}

const limit = (name, what, used, max, more) => ({ limit: name, what, application: null, tier: null, used, max, unit: '', state: used >= max ? 'reached' : used > max * 0.8 ? 'near' : 'ok', remedy: '', ...more })

function limits() {
  return {
    since: START,
    items: [
      limit('business-transactions', 'Business transactions', 200, 200, { application: { id: 1, name: 'shop-production' }, remedy: 'Further ones count in All Other Traffic of their tier, where each can be promoted. One that was not called for 7 days frees its place. Many alike show that paths hold ids: set http.route in the service.' }),
      limit('metric-series', 'Metric series of the last hour', 871_000, 1_000_000, { remedy: 'Points of further series are refused and counted below. Drop attributes that take ever new values in the agent or Collector.' }),
      limit('memory', 'Memory', 243 * 2 ** 20, GIB, { unit: 'bytes', remedy: 'At the limit agents are slowed down (429). Set memory-limit higher where the machine has room.' }),
      limit('journal', 'Journal: accepted, not worked on yet', 41_000_000, 4 * GIB, { unit: 'bytes', remedy: 'At the limit agents are told to come back later.' }),
    ],
    refusals: [
      { signal: 'traces', reason: 'too_old', counted: 'items', count: 1204, remedy: 'Older than what is kept by the minute: a sender’s clock is behind, or it sends what waited too long.' },
      { signal: 'none', reason: 'unknown_key', counted: 'requests', count: 12, remedy: 'Set OTEL_EXPORTER_OTLP_HEADERS to x-api-key=<key>, with an enabled key of the page Access keys.' },
    ],
  }
}

const task = (name, period_ms, last_result = null, failed = false) => ({ name, period_ms, running: false, runs: 2160, failures: failed ? 1 : 0, last_start: Date.now() - 2_000, last_duration_ms: 12.5, last_result, failed })

function health({ now, empty }) {
  return {
    version: '0.1.0',
    started_at: START,
    ready: true,
    reasons: [],
    application: empty ? null : { id: 3, name: 'Vedette' },
    memory: { resident_bytes: 243 * 2 ** 20, limit_bytes: GIB, budgets: [{ part: 'in_flight', bytes: 144 * 2 ** 20 }, { part: 'head', bytes: 72 * 2 ** 20 }, { part: 'queries', bytes: 82 * 2 ** 20 }] },
    cpu_seconds: ((now - START) / 1000) * 0.34,
    threads: 14,
    tasks: [task('access keys', 2000), task('segments', 5000, 'merged 4 segments of spans'), task('certificate', 10_000, 'the disk is full', true)],
  }
}

const keys = [{ id: 1, name: 'first', key: 'vk_0f3kQm1xT7bYp2cWv9ZsLr4nHd8eJa6uGi5oKtMqXyB', created_at: START - 90 * DAY, disabled: false, last_used_at: Date.now() - 20_000 }]

function makeKey({ body, now }) {
  const made = { id: keys.length + 1, name: body.name, key: `vk_mock${keys.length}${'x'.repeat(38)}`, created_at: now, disabled: false, last_used_at: null }
  keys.push(made)
  return made
}

function disableKey(_, id) {
  const key = keys.find((k) => k.id === Number(id))
  if (!key) return null
  key.disabled = true
  return { ...key }
}

const clients = []

function makeClient({ body, now }) {
  clients.push({ id: clients.length + 1, name: body.name, description: body.description ?? '', client_id: `${body.name}@customer1`, created_at: now, last_used_at: null, token_seconds: body.token_seconds ?? 300, roles: body.roles ?? [5], old_secret_until: null })
  return secretOf(clients.at(-1))
}

const secretOf = ({ id, name, client_id }) => ({ id, name, client_id, secret: `vs_mock${'x'.repeat(38)}` })

function replaceSecret({ body, now }, id) {
  const client = clients.find((c) => c.id === Number(id))
  client.old_secret_until = body?.overlap_seconds ? now + body.overlap_seconds * 1000 : null
  return secretOf(client)
}

function removeClient(_, id) {
  const at = clients.findIndex((c) => c.id === Number(id))
  if (at < 0) return null
  clients.splice(at, 1)
  return undefined
}

export const administration = [
  ['GET', /^\/api\/v1\/storage$/, storage],
  ['GET', /^\/api\/v1\/limits$/, limits],
  ['GET', /^\/api\/v1\/health$/, health],
  ['GET', /^\/api\/v1\/access-keys$/, () => ({ items: keys.map((key) => ({ ...key })), next: null })],
  ['POST', /^\/api\/v1\/access-keys$/, makeKey],
  ['GET', /^\/api\/v1\/api-clients$/, () => ({ items: clients.map((client) => ({ ...client })), next: null })],
  ['POST', /^\/api\/v1\/api-clients$/, makeClient],
  ['PUT', /^\/api\/v1\/api-clients\/(\d+)$/, ({ body }, id) => Object.assign(clients.find((c) => c.id === Number(id)), body)],
  ['POST', /^\/api\/v1\/api-clients\/(\d+)\/secret$/, replaceSecret],
  ['DELETE', /^\/api\/v1\/api-clients\/(\d+)$/, removeClient],
  ['DELETE', /^\/api\/v1\/access-keys\/(\d+)$/, disableKey],
]
