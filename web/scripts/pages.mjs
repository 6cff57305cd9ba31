// Opens every page of a running Vedette, several times, and prints how soon each was there and how long its requests took.
//
//   VEDETTE_URL=https://localhost:9443 VEDETTE_PASSWORD=… node scripts/pages.mjs [--rounds 3]
//
// A page is there when its heading is and nothing on it loads any more. The application with the most calls is looked at.
import { chromium } from '@playwright/test'

const base = process.env.VEDETTE_URL ?? 'https://localhost:9443'
const at = process.argv.indexOf('--rounds')
const rounds = at > 0 ? Number(process.argv[at + 1]) : 3
const say = (line) => process.stdout.write(`${line}\n`)

const browser = await chromium.launch({ executablePath: process.env.VEDETTE_CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] })
const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 1280, height: 800 } })
const page = await context.newPage()

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

async function pages() {
  const application = busiest((await ask('/applications')).items)
  if (!application) throw new Error('no application has reported yet')
  const of = `/applications/${application.id}`
  const found = { applications: '/applications', 'map of all': '/applications/map', overview: of }
  for (const name of ['flow-map', 'business-transactions', 'tiers', 'backends', 'errors', 'traces', 'snapshots', 'metrics', 'logs']) found[name] = `${of}/${name}`
  for (const kind of ['business-transactions', 'tiers', 'nodes', 'backends', 'errors']) {
    const one = busiest((await ask(`${of}/${kind}?limit=1000`)).items)
    if (one) found[`one of ${kind}`] = `${of}/${kind}/${one.id}`
  }
  const [a, b] = (await ask(`/snapshots?application=${application.id}&kept=false&limit=2`)).items
  if (a) found.trace = `/traces/${a.trace_id}`
  if (b) found['two traces'] = `/traces/compare?a=${a.trace_id}&b=${b.trace_id}`
  for (const name of ['keys', 'storage', 'limits', 'health']) found[name] = `/administration/${name}`
  return found
}

async function open(path) {
  const began = performance.now()
  await page.goto(base + path)
  await page.waitForSelector('main h1, main h2, main table')
  await page.waitForFunction(() => document.querySelectorAll('[data-state="loading"]').length === 0, null, { timeout: 30_000 })
  const took = performance.now() - began
  await page.waitForLoadState('networkidle')
  return took
}

/** As the API's document names it. */
const route = (url) => url.pathname.replace(/\/[0-9a-f]{32}$/, '/{trace_id}').replaceAll(/\/\d+(?=\/|$)/g, '/{id}')
const quantile = (sorted, q) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0

await signIn()
const times = new Map()
const wanted = await pages()
page.on('requestfinished', (request) => {
  const url = new URL(request.url())
  if (!url.pathname.startsWith('/api/v1')) return
  const timing = request.timing()
  const of = times.get(route(url)) ?? []
  of.push(timing.responseEnd - timing.requestStart)
  times.set(route(url), of)
})
for (const [name, path] of Object.entries(wanted)) {
  const took = []
  for (let round = 0; round < rounds; round++) took.push(await open(path))
  say(`${name.padEnd(30)} there after ${took.map((ms) => Math.round(ms)).join(', ')} ms`)
}
say('\nrequests   p50   p95   max ms')
const sorted = [...times].map(([name, list]) => [name, list.toSorted((a, b) => a - b)]).toSorted(([, a], [, b]) => b.at(-1) - a.at(-1))
const line = (name, list) => [String(list.length).padStart(8), ...[0.5, 0.95, 1].map((q) => Math.round(quantile(list, q)).toString().padStart(5)), ` ${name}`].join(' ')
for (const [name, list] of sorted) say(line(name, list))
say(line('all', sorted.flatMap(([, list]) => list).toSorted((a, b) => a - b)))
await browser.close()
