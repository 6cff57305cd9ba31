// A development server that speaks the REST contract with moving, made-up data. Never part of the product.
//
//   node mock/server.mjs [--port 4400] [--static dist] [--at 2026-11-25T14:05Z]
//
// Port 0 is any, which its first line tells; --at says what time it is as it starts, and so what the made-up figures are.
//
// The user one signs in as picks the scenario (any password but `wrong`): admin; `empty` (no application until
// POST /mock/first-span); `partial` (answers say so); `broken` (telemetry answers 503); `slow` (each answer takes 3 s);
// `viewer` (may view and nothing else); `newcomer` (has to change the password first).
// POST /mock/late-tier lets a further tier into the shop ({"reports": false}: takes it out).
// With --static it also serves the built UI under the product's Content-Security-Policy.
import './clock.mjs'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { extname, join, normalize } from 'node:path'
import { accessOf, refusalOf } from './access.mjs'
import { about, routes } from './answers.mjs'
import { lateTier } from './topology.mjs'

const option = (name, otherwise) => {
  const at = process.argv.indexOf(`--${name}`)
  return at > 0 ? process.argv[at + 1] : otherwise
}
const port = Number(option('port', 4400))
const root = option('static', null)
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.woff2': 'font/woff2' }
const CSRF = 'mock-csrf-token'
let firstSpanSeen = false

const fail = (status, code, message) => ({ status, body: { error: { code, message } } })
const sessionBody = (user) => ({ user: { name: user, display_name: user === 'admin' ? 'Administrator' : user }, csrf_token: CSRF, expires_at: Date.now() + 1_800_000, ...accessOf(user) })
const userOf = (req) => /vedette_session=([a-z]+)/.exec(req.headers.cookie ?? '')?.[1] ?? null

async function bodyOf(req) {
  let text = ''
  for await (const chunk of req) text += chunk
  return text ? JSON.parse(text) : null
}

function session(req, body) {
  if (req.method === 'POST') {
    if (!body?.user || body.password === 'wrong') return fail(401, 'wrong_credentials', 'User or password is wrong.')
    return { status: 200, body: sessionBody(body.user), cookie: `vedette_session=${body.user}; HttpOnly; SameSite=Strict; Path=/` }
  }
  if (req.method === 'DELETE') return { status: 204, cookie: 'vedette_session=; Max-Age=0; Path=/' }
  const user = userOf(req)
  return user ? { status: 200, body: sessionBody(user) } : fail(401, 'not_signed_in', 'Sign in first.')
}

async function answer(req, url) {
  const body = req.method === 'GET' ? null : await bodyOf(req)
  if (url.pathname === '/mock/first-span') {
    firstSpanSeen = body?.seen ?? true
    return { status: 204 }
  }
  if (url.pathname === '/mock/late-tier') {
    lateTier(body?.reports ?? true)
    return { status: 204 }
  }
  if (url.pathname === '/api/v1/about') return { status: 200, body: about(Date.now()) }
  if (url.pathname === '/api/v1/session') return session(req, body)
  const user = userOf(req)
  if (!user) return fail(401, 'not_signed_in', 'Sign in first.')
  if (url.pathname === '/api/v1/openapi.json') return { status: 200, body: JSON.parse(await readFile(new URL('../../openapi/controller.json', import.meta.url), 'utf8')) }
  if (req.method !== 'GET' && req.headers['x-csrf-token'] !== CSRF) return fail(403, 'csrf', 'The X-CSRF-Token header is missing or old; reload the page.')
  const refusal = refusalOf(user, req.method, url.pathname)
  if (refusal) return fail(403, 'forbidden', refusal)
  const telemetry = !url.pathname.startsWith('/api/v1/connect')
  if (user === 'slow') await new Promise((done) => setTimeout(done, 3000))
  if (user === 'broken' && telemetry) return fail(503, 'unavailable', 'The telemetry store is not open yet; try again in a few seconds.')
  return route(req, url, body, user)
}

function route(req, url, body, user) {
  const now = Date.now()
  const query = url.searchParams
  const request = { query, body, now, host: req.headers.host, from: Number(query.get('from') ?? now - 3_600_000), to: Number(query.get('to') ?? now), empty: user === 'empty' && !firstSpanSeen }
  for (const [method, pattern, handler] of routes) {
    const match = method === req.method && pattern.exec(url.pathname)
    if (!match) continue
    const made = handler(request, ...match.slice(1))
    if (made === null) break
    if (made === undefined) return { status: 204 }
    const partial = user === 'partial' ? { reasons: ['journal replay is at 40 %'] } : null
    return { status: 200, body: { ...made, partial: made.partial ?? partial } }
  }
  return fail(404, 'not_found', `Nothing is kept under ${url.pathname}.`)
}

async function staticFile(pathname) {
  const wanted = normalize(join(root, pathname))
  for (const file of extname(wanted) ? [wanted] : [join(root, 'index.html')]) {
    try {
      return { data: await readFile(file), type: TYPES[extname(file)] ?? 'application/octet-stream' }
    } catch {
      return null
    }
  }
  return null
}

createServer(async (req, res) => {
  const url = new URL(req.url, 'http://mock')
  if (url.pathname === '/ca.pem') {
    res.writeHead(200, { 'content-type': 'application/x-pem-file' }).end('-----BEGIN CERTIFICATE-----\nMOCK\n-----END CERTIFICATE-----\n')
    return
  }
  if (root && (url.pathname === '/api/docs' || !url.pathname.startsWith('/api/')) && !url.pathname.startsWith('/mock/')) {
    const file = await staticFile(url.pathname)
    if (!file) return void res.writeHead(404).end()
    res.writeHead(200, { 'content-type': file.type, 'content-security-policy': "default-src 'self'", 'cache-control': url.pathname.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache' }).end(file.data)
    return
  }
  try {
    const made = await answer(req, url)
    res.writeHead(made.status, { 'content-type': 'application/json', ...(made.cookie ? { 'set-cookie': made.cookie } : {}) })
    res.end(made.body ? JSON.stringify(made.body) : undefined)
  } catch (error) {
    res.writeHead(500, { 'content-type': 'application/json' }).end(JSON.stringify({ error: { code: 'mock', message: String(error) } }))
  }
}).listen(port, '127.0.0.1', function () {
  process.stdout.write(`mock on http://127.0.0.1:${this.address().port}\n`)
})
