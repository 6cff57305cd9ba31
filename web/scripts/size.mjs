// Prints what the browser loads: compressed JavaScript of the first load and of each file loaded later.
// Ends with 1 when the first load is over the budget.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

const BUDGET = 600_000
const dist = new URL('../dist', import.meta.url).pathname
const html = readFileSync(join(dist, 'index.html'), 'utf8')
const first = new Set([...html.matchAll(/(?:src|href)="\/assets\/([^"]+)"/g)].map((m) => m[1]))
const files = readdirSync(join(dist, 'assets')).map((name) => {
  const data = readFileSync(join(dist, 'assets', name))
  return { name, raw: data.length, gzip: gzipSync(data, { level: 9 }).length, first: first.has(name) }
})
const line = (f) => `${f.first ? 'first' : 'later'}  ${String(f.raw).padStart(9)}  ${String(f.gzip).padStart(8)}  ${f.name}`
const total = (list) => list.reduce((sum, f) => sum + f.gzip, 0)
const script = files.filter((f) => f.first && f.name.endsWith('.js'))
process.stdout.write(`when         raw      gzip  file\n${files.sort((a, b) => Number(b.first) - Number(a.first) || b.gzip - a.gzip).map(line).join('\n')}\n`)
process.stdout.write(`index.html ${html.length} bytes; first load: ${total(script)} bytes of JavaScript, ${total(files.filter((f) => f.first))} with styles (gzip); budget ${BUDGET}\n`)
process.exitCode = total(script) > BUDGET ? 1 : 0
