import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { encoded, environmentOf, NODE_VERSIONS, PYTHON_VERSIONS, quoted, setupScript, WAYS, type Target } from './snippets'

const target: Target = { url: 'https://apm.example.com:9443', accessKey: 'vk_A1/b+c=', caFingerprint: '3F:A1', application: 'shop', environment: 'production', tier: 'storefront' }

const wayOf = (id: string) => {
  const way = WAYS.find((w) => w.id === id)
  if (!way) throw new Error(`no way ${id}`)
  return way
}

/** What a shell makes of the exported lines: the environment a program would see. */
function shellEnvironment(lines: string): Record<string, string> {
  const out = execFileSync('sh', ['-c', `${lines}\nenv`], { env: { PWD: '/srv/app', PATH: process.env.PATH ?? '' }, cwd: '/', encoding: 'utf8' })
  return Object.fromEntries(out.split('\n').filter((l) => l.includes('=')).map((l) => [l.slice(0, l.indexOf('=')), l.slice(l.indexOf('=') + 1)]))
}

const exportsOf = (id: string, t = target) => wayOf(id).steps(t).map((s) => s.code).filter((c) => c.startsWith('export ')).join('\n')

describe('snippets', () => {
  it('every way begins with the CA of this server and shows its fingerprint', () => {
    for (const way of WAYS) {
      const [first] = way.steps(target)
      expect(first?.code).toContain('https://apm.example.com:9443/ca.pem')
      expect(first?.remark).toContain('3F:A1')
    }
  })

  it('every way names this server and its access key', () => {
    for (const way of WAYS) {
      const all = way.steps(target).map((s) => s.code).join('\n')
      expect(all).toContain('https://apm.example.com:9443')
      expect(all).toMatch(/vk_A1(\/b\+c=|%2Fb%2Bc%3D)/)
    }
  })

  it('a shell gives the agents exactly the variables they read', () => {
    const env = shellEnvironment(exportsOf('python'))
    expect(env.OTEL_EXPORTER_OTLP_ENDPOINT).toBe(target.url)
    expect(env.OTEL_EXPORTER_OTLP_PROTOCOL).toBe('http/protobuf')
    expect(env.OTEL_EXPORTER_OTLP_HEADERS).toBe('x-api-key=vk_A1%2Fb%2Bc%3D')
    expect(env.OTEL_SERVICE_NAME).toBe('storefront')
    expect(env.OTEL_RESOURCE_ATTRIBUTES).toBe('service.namespace=shop,deployment.environment.name=production')
    expect(env.OTEL_EXPORTER_OTLP_CERTIFICATE).toMatch(/\/vedette-ca\.pem$/)
    expect(env.OTEL_EXPERIMENTAL_RESOURCE_DETECTORS).toBe('otel,host')
  })

  it('node also trusts the CA in its own way and loads the agent first', () => {
    const env = shellEnvironment(exportsOf('nodejs').replace(/^export NODE_OPTIONS.*$/m, ''))
    expect(env.NODE_EXTRA_CA_CERTS).toMatch(/\/vedette-ca\.pem$/)
    expect(exportsOf('nodejs')).toContain('--require @opentelemetry/auto-instrumentations-node/register')
  })

  it('the agents are installed in the versions that the example shop runs', () => {
    const lock = readFileSync('../examples/shop/python/requirements.lock', 'utf8').split('\n')
    expect(lock).toContain(`opentelemetry-distro==${PYTHON_VERSIONS.distro}`)
    expect(lock).toContain(`opentelemetry-exporter-otlp-proto-http==${PYTHON_VERSIONS.exporter}`)
    expect(lock).toContain(`opentelemetry-instrumentation==${PYTHON_VERSIONS.distro}`)
    const { dependencies } = JSON.parse(readFileSync('../examples/shop/node/package.json', 'utf8')) as { dependencies: Record<string, string> }
    expect(dependencies['@opentelemetry/api']).toBe(NODE_VERSIONS.api)
    expect(dependencies['@opentelemetry/auto-instrumentations-node']).toBe(NODE_VERSIONS.agent)
  })

  it('a dollar sign is no variable of the Collector', () => {
    const code = wayOf('collector').steps({ ...target, application: 'a$HOME', accessKey: 'k$1' }).map((s) => s.code).join('\n')
    expect(code).toContain('value: "a$$HOME"')
    expect(code).toContain('x-api-key: "k$$1"')
  })

  it('names with spaces and quotes reach the agent unharmed', () => {
    const odd = { ...target, tier: "Jo's cart $HOME", application: 'a,b=c d' }
    const env = shellEnvironment(exportsOf('python', odd))
    expect(env.OTEL_SERVICE_NAME).toBe("Jo's cart $HOME")
    expect(decodeURIComponent(env.OTEL_RESOURCE_ATTRIBUTES?.split(',')[0] ?? '')).toBe('service.namespace=a,b=c d')
  })

  it('leaves the environment out when none is given', () => {
    const all = environmentOf({ ...target, environment: '' })
    expect(all.find(([name]) => name === 'OTEL_RESOURCE_ATTRIBUTES')?.[1]).toBe('service.namespace=shop')
  })

  it('a set-up script has every shell step but the start of the program', () => {
    const script = setupScript(wayOf('python'), target)
    expect(script).toContain('opentelemetry-bootstrap -a install')
    expect(script).not.toContain('python app.py')
    execFileSync('sh', ['-n', '-c', script])
  })

  it('quotes and encodes', () => {
    expect(quoted('http/protobuf')).toBe('http/protobuf')
    expect(quoted("it's")).toBe(`'it'\\''s'`)
    expect(encoded('a=b,c')).toBe('a%3Db%2Cc')
  })
})
