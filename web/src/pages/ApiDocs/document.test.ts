import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { addressOf, curlOf, fieldsOf, groupsOf, matching, missing, objectWithin, sample, typeName, type ApiDocument, type Operation } from './document'

const document = JSON.parse(readFileSync(new URL('../../../../openapi/controller.json', import.meta.url), 'utf8')) as ApiDocument
const groups = groupsOf(document)
const operation = (id: string): Operation => {
  const found = groups.flatMap((group) => group.operations).find((one) => one.id === id)
  if (!found) throw new Error(`no ${id}`)
  return found
}

describe('the committed document', () => {
  it('is shown whole: each operation once, under a tag', () => {
    const shown = groups.flatMap((group) => group.operations.map((one) => `${one.method} ${one.path}`))
    const written = Object.entries(document.paths).flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`))
    expect(shown.toSorted()).toEqual(written.toSorted())
    expect(groups.map((group) => group.tag)).not.toContain('other')
  })

  it('has a type in words for every parameter and every field, and an end to every example', () => {
    for (const one of groups.flatMap((group) => group.operations)) {
      for (const parameter of one.parameters) expect(typeName(parameter.schema ?? {}), `${one.id} ${parameter.name}`).not.toMatch(/undefined|any$/)
      for (const response of one.responses) {
        if (!response.schema) continue
        expect(JSON.stringify(sample(document, response.schema)).length).toBeLessThan(20_000)
      }
    }
  })

  it('says which operations anybody may ask', () => {
    expect(operation('post_session').isPublic).toBe(true)
    expect(operation('get_applications').isPublic).toBe(false)
  })
})

it('names types in words', () => {
  expect(typeName({ type: ['integer', 'null'], format: 'int64' })).toBe('integer (int64) or null')
  expect(typeName({ type: 'array', items: { $ref: '#/components/schemas/Span' } })).toBe('list of Span')
  expect(typeName({ oneOf: [{ type: 'null' }, { $ref: '#/components/schemas/Ref' }] })).toBe('Ref or null')
  expect(typeName({ type: 'string', enum: ['A', 'B'] })).toBe('"A" | "B"')
  expect(typeName({ type: 'object', additionalProperties: { type: 'number', format: 'double' } })).toBe('map of number')
})

it('finds the fields of an object through lists and references', () => {
  const page = operation('get_api_clients').responses[0]?.schema ?? {}
  const fields = fieldsOf(document, page)
  expect(fields.map((field) => field.name)).toEqual(['items', 'next', 'partial'])
  const inner = objectWithin(document, page)
  expect(inner).not.toBeNull()
  expect(fieldsOf(document, fields[0]?.inner ?? {}).map((field) => field.name)).toContain('client_id')
})

it('shows the example that was recorded', () => {
  expect(operation('post_api_clients').body?.example).toEqual({ name: 'nightly-report', description: "Exports yesterday's figures" })
})

it('makes examples of the examples of fields', () => {
  expect(sample(document, operation('post_api_clients').body?.schema ?? {})).toEqual({
    name: 'nightly-report',
    description: "Exports yesterday's figures",
    roles: [5],
    token_seconds: 300,
  })
})

it('searches for every word anywhere', () => {
  const found = matching(groups, 'POST secret').flatMap((group) => group.operations.map((one) => one.path))
  expect(found).toContain('/api/v1/api-clients/{id}/secret')
  expect(matching(groups, 'no such thing')).toEqual([])
})

it('fills in addresses and quotes for a shell', () => {
  const spans = operation('get_spans')
  expect(addressOf(spans, { tier: '3', attribute: 'a=b c\nd=1' })).toBe('/api/v1/spans?tier=3&attribute=a%3Db+c&attribute=d%3D1')
  const rotate = operation('post_api_clients_secret')
  expect(missing(rotate, {})).toEqual(['id'])
  expect(addressOf(rotate, { id: '7' })).toBe('/api/v1/api-clients/7/secret')
  const curl = curlOf(operation('post_api_clients'), 'https://host', {})
  expect(curl).toContain("-X POST 'https://host/api/v1/api-clients'")
  expect(curl).toContain(String.raw`yesterday'\''s`)
  expect(curl).toContain('Bearer $token')
})
