// The commands of the page "Connect an agent" as JSON, for tests that run them:
//   node scripts/snippets.mjs '{"url": …, "accessKey": …, "caFingerprint": …, "application": …, "environment": …, "tier": …}'
// It reads the page's own source, so that what is run is what is shown.
import { readFileSync } from 'node:fs'
import ts from 'typescript'

const source = readFileSync(new URL('../src/pages/Connect/snippets.ts', import.meta.url), 'utf8')
const { outputText } = ts.transpileModule(source, { compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 } })
const { CA_FILE, WAYS } = await import(`data:text/javascript,${encodeURIComponent(outputText)}`)
const target = JSON.parse(process.argv[2])
const ways = Object.fromEntries(WAYS.map((way) => [way.id, way.steps(target)]))
process.stdout.write(`${JSON.stringify({ caFile: CA_FILE, ways })}\n`)
