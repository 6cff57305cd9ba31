// Opens every page of a running Vedette, several times, and prints how soon each was there, what was wrong with it, and how long
// requests took.
//
//   VEDETTE_URL=https://localhost:9443 VEDETTE_PASSWORD=… node scripts/pages.mjs [--rounds 3] [--only TEXT] [--range last-6h] [--shots FOLDER]
//
// A page is there when its heading is and nothing on it loads any more. The application with the most calls is looked at, or the
// one that VEDETTE_APPLICATION names; VEDETTE_PATIENCE is as in the browser tests. With --shots there is a picture of each, whole, in light and in dark. Exit code 1 when a page
// reported an error, a request failed, something moved (layout shift above 0.05), or a page is wider than the screen.
import { mkdirSync } from 'node:fs'
import { chromium } from '@playwright/test'
import { browser as installed } from './browser.mjs'

const base = process.env.VEDETTE_URL ?? 'https://localhost:9443'
const option = (name, otherwise) => {
  const at = process.argv.indexOf(`--${name}`)
  return at > 0 ? process.argv[at + 1] : otherwise
}
const rounds = Number(option('rounds', 3))
const [only, range, shots] = [option('only', ''), option('range', null), option('shots', null)]
const PATIENCE_MS = 30_000 * Number(process.env.VEDETTE_PATIENCE ?? 1)
const MOST_SHIFT = 0.05
const TALLEST = 2600
const say = (line) => process.stdout.write(`${line}\n`)

const browser = await chromium.launch({ executablePath: installed(), args: ['--no-sandbox'] })
const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 1280, height: 800 }, colorScheme: 'light', reducedMotion: 'reduce' })
await context.addInitScript(() => {
  globalThis.shifted = []
  new PerformanceObserver((list) => {
    for (const one of list.getEntries()) if (!one.hadRecentInput) globalThis.shifted.push({ value: one.value, who: one.sources.map(({ node }) => node?.nodeName && `${node.nodeName.toLowerCase()}.${node.className ?? ''}`) })
  }).observe({ type: 'layout-shift', buffered: true })
})
const page = await context.newPage()
page.setDefaultTimeout(PATIENCE_MS)

async function signIn() {
  await page.goto(`${base}/sign-in`)
  await page.getByLabel('User').fill(process.env.VEDETTE_USER ?? 'admin')
  await page.getByLabel('Password', { exact: true }).fill(process.env.VEDETTE_PASSWORD ?? '')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.waitForURL((url) => !url.pathname.startsWith('/sign-in'))
}

const ask = (path) => page.evaluate(async (it) => (await fetch(`/api/v1${it}`)).json(), path)
const calls = (row) => row.figures?.calls ?? row.count ?? 0
const busiest = (rows) => rows.toSorted((a, b) => calls(b) - calls(a))[0]
/** The first that a list has, where it is of a range over the last days. */
const first = async (path, ofRange = true) => (await ask(`${path}${path.includes('?') ? '&' : '?'}limit=1${ofRange ? `&from=${Date.now() - 3 * 86_400_000}` : ''}`)).items?.[0]

const OVER_ALL = ['applications', 'applications/map', 'connect', 'traces', 'logs', 'events', 'anomalies', 'incidents', 'violations', 'profile', 'api/docs']
const OF_ALERTING = ['policies', 'policies/new', 'digests/new', 'actions', 'actions/new', 'suppressions', 'suppressions/new', 'deliveries']
const OF_ADMINISTRATION = ['users', 'users/new', 'groups', 'groups/new', 'roles', 'roles/new', 'sessions', 'audit', 'keys', 'clients', 'notifications', 'account', 'storage', 'limits', 'attempts', 'health']
const OF_AN_APPLICATION = ['flow-map', 'business-transactions', 'tiers', 'backends', 'errors', 'traces', 'snapshots', 'anomalies', 'incidents', 'anomaly-settings', 'violations', 'health-rules', 'health-rules/new', 'schedules', 'schedules/new', 'events', 'metrics', 'logs', 'baselines']
const TABS = {
  'business-transactions': ['snapshots', 'operations', 'differences', 'errors', 'flow-map'],
  tiers: ['endpoints', 'errors', 'flow-map'],
  nodes: ['errors', 'flow-map'],
  backends: ['statements', 'flow-map'],
}

async function pages() {
  const named = process.env.VEDETTE_APPLICATION
  const all = (await ask('/applications')).items
  const application = named ? all.find((one) => one.name === named) : busiest(all)
  if (!application) throw new Error(named ? `no application is called ${named}` : 'no application has reported yet')
  const of = `/applications/${application.id}`
  const found = { overview: of }
  for (const name of OVER_ALL) found[name] = `/${name}`
  for (const name of OF_AN_APPLICATION) found[`its ${name}`] = `${of}/${name}`
  for (const kind of ['business-transactions', 'tiers', 'nodes', 'backends', 'errors']) {
    const one = busiest((await ask(`${of}/${kind}?limit=1000`)).items)
    if (!one) continue
    found[`one of ${kind}`] = `${of}/${kind}/${one.id}`
    for (const tab of TABS[kind] ?? []) found[`one of ${kind}, ${tab}`] = `${of}/${kind}/${one.id}?tab=${tab}`
    if (kind === 'business-transactions') found['a model'] = `${of}/anomaly-model?kind=BUSINESS_TRANSACTION&entity=${one.id}&measure=RESPONSE_TIME`
  }
  const [a, b] = (await ask(`/snapshots?application=${application.id}&kept=false&limit=2`)).items
  if (a) for (const tab of ['waterfall', 'flame', 'path', 'map', 'logs']) found[`trace, ${tab}`] = `/traces/${a.trace_id}?tab=${tab}`
  if (b) found['two traces'] = `/traces/compare?a=${a.trace_id}&b=${b.trace_id}`
  for (const kind of ['anomalies', 'incidents', 'violations']) {
    const one = await first(`/${kind}?application=${application.id}`)
    if (one) found[`one of ${kind}`] = `/${kind}/${one.id}`
  }
  const rule = await first(`${of}/health-rules`, false)
  if (rule) found['a health rule'] = `${of}/health-rules/${rule.id}`
  for (const name of OF_ALERTING) found[`alerting, ${name}`] = `/alerting/${name}`
  for (const name of OF_ADMINISTRATION) found[`administration, ${name}`] = `/administration/${name}`
  return found
}

/** What is wrong with the page that is open. */
let wrong = []
page.on('pageerror', (error) => wrong.push(error.message))
page.on('console', (message) => message.type() === 'error' && wrong.push(message.text()))
page.on('response', (response) => response.status() >= 400 && wrong.push(`${response.status()} ${response.url().replace(base, '')}`))

async function open(path) {
  const began = performance.now()
  await page.goto(base + path)
  await page.waitForSelector('main :is(h1, h2, table, [data-state="failed"])')
  await page.waitForFunction(() => document.querySelectorAll('[data-state="loading"]').length === 0)
  const took = performance.now() - began
  // Of a server that is slow or a page that asks all the time nobody waits for the end.
  await page.waitForLoadState('networkidle', { timeout: 10_000 }).catch(() => undefined)
  const { shifts, wide } = await page.evaluate(() => ({ shifts: globalThis.shifted, wide: document.documentElement.scrollWidth - innerWidth }))
  const moved = shifts.reduce((sum, { value }) => sum + value, 0)
  if (moved > MOST_SHIFT) wrong.push(`moved by ${moved.toFixed(3)}: ${shifts.toSorted((a, b) => b.value - a.value)[0].who.join(', ')}`)
  if (wide > 0) wrong.push(`${wide} pixels wider than the screen`)
  return took
}

async function picture(name) {
  const tall = await page.evaluate(() => Math.max(...[...document.querySelectorAll('main, body')].map((one) => one.scrollHeight)))
  await page.setViewportSize({ width: 1280, height: Math.min(TALLEST, Math.max(800, tall + 60)) })
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme })
    await page.waitForTimeout(300)
    await page.screenshot({ path: `${shots}/${name.replaceAll(/[^a-z0-9-]+/g, '-')}-${colorScheme}.png` })
  }
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' })
  await page.setViewportSize({ width: 1280, height: 800 })
}

/** As the API's document names it. */
const route = (url) => url.pathname.replace(/\/[0-9a-f]{32}$/, '/{trace_id}').replaceAll(/\/\d+(?=\/|$)/g, '/{id}')
const quantile = (sorted, q) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0

await signIn()
wrong = []
const times = new Map()
const wanted = Object.entries(await pages()).filter(([name]) => name.includes(only))
page.on('requestfinished', (request) => {
  const url = new URL(request.url())
  if (!url.pathname.startsWith('/api/v1')) return
  const timing = request.timing()
  const of = times.get(route(url)) ?? []
  of.push(timing.responseEnd - timing.requestStart)
  times.set(route(url), of)
})
if (shots) mkdirSync(shots, { recursive: true })
for (const [name, path] of wanted) {
  const at = range ? `${path}${path.includes('?') ? '&' : '?'}range=${range}` : path
  const took = []
  try {
    for (let round = 0; round < rounds; round++) took.push(await open(at))
  } catch (error) {
    wrong.push(String(error).split('\n')[0])
  }
  say(`${name.padEnd(40)} there after ${took.map((ms) => Math.round(ms)).join(', ')} ms`)
  for (const one of new Set(wrong)) say(`    ${one}`)
  if (wrong.length > 0) process.exitCode = 1
  wrong = []
  if (shots) await picture(name)
}
say('\nrequests   p50   p95   max ms')
const sorted = [...times].map(([name, list]) => [name, list.toSorted((a, b) => a - b)]).toSorted(([, a], [, b]) => b.at(-1) - a.at(-1))
const line = (name, list) => [String(list.length).padStart(8), ...[0.5, 0.95, 1].map((q) => Math.round(quantile(list, q)).toString().padStart(5)), ` ${name}`].join(' ')
for (const [name, list] of sorted) say(line(name, list))
say(line('all', sorted.flatMap(([, list]) => list).toSorted((a, b) => a - b)))
await browser.close()
