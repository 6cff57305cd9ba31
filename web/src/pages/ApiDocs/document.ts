// The OpenAPI document as the page shows it: operations by tag, and schemas as types, fields and examples. Pure.

/** A schema, as far as Vedette's document uses JSON Schema. */
export interface Schema {
  $ref?: string
  type?: string | string[]
  format?: string
  description?: string
  enum?: unknown[]
  example?: unknown
  default?: unknown
  items?: Schema | boolean
  properties?: Record<string, Schema>
  additionalProperties?: Schema | boolean
  required?: string[]
  oneOf?: Schema[]
  allOf?: Schema[]
  minimum?: number
  maximum?: number
}

interface Content {
  schema?: Schema
  example?: unknown
}

export interface Parameter {
  name: string
  in: 'query' | 'path' | 'header' | 'cookie'
  description?: string
  required?: boolean
  schema?: Schema
  example?: unknown
}

interface RawOperation {
  operationId: string
  tags?: string[]
  summary?: string
  description?: string
  parameters?: Parameter[]
  requestBody?: { required?: boolean; content: Record<string, Content> }
  responses: Record<string, { description?: string; content?: Record<string, Content> }>
  security?: Record<string, unknown>[]
}

export interface ApiDocument {
  info: { title: string; description?: string; version: string }
  paths: Record<string, Record<string, RawOperation>>
  components?: { schemas?: Record<string, Schema> }
}

export interface Operation {
  id: string
  method: string
  path: string
  tag: string
  summary: string
  description: string
  parameters: Parameter[]
  body: { type: string; required: boolean; schema: Schema; example: unknown } | null
  responses: { status: string; description: string; type: string | null; schema: Schema | null }[]
  /** Anybody may ask. */
  isPublic: boolean
}

export interface Group {
  tag: string
  operations: Operation[]
}

/** All operations by tag, tags and operations in the order of their paths; methods as they are used: read, make, change, remove. */
export function groupsOf(document: ApiDocument): Group[] {
  const groups = new Map<string, Operation[]>()
  for (const [path, methods] of Object.entries(document.paths)) {
    const ordered = ['get', 'post', 'put', 'delete'].filter((method) => method in methods)
    for (const method of ordered) {
      const operation = operationOf(document, method, path, methods[method] as RawOperation)
      groups.set(operation.tag, [...(groups.get(operation.tag) ?? []), operation])
    }
  }
  return [...groups].map(([tag, operations]) => ({ tag, operations })).sort((a, b) => a.tag.localeCompare(b.tag))
}

function operationOf(document: ApiDocument, method: string, path: string, raw: RawOperation): Operation {
  const [type, content] = Object.entries(raw.requestBody?.content ?? {})[0] ?? []
  return {
    id: raw.operationId,
    method: method.toUpperCase(),
    path,
    tag: raw.tags?.[0] ?? 'other',
    summary: raw.summary ?? '',
    description: raw.description ?? '',
    parameters: raw.parameters ?? [],
    body: type && content?.schema ? { type, required: raw.requestBody?.required ?? false, schema: content.schema, example: content.example ?? sample(document, content.schema) } : null,
    responses: Object.entries(raw.responses).map(([status, response]) => {
      const [kind, made] = Object.entries(response.content ?? {})[0] ?? []
      return { status, description: response.description ?? '', type: kind ?? null, schema: made?.schema ?? null }
    }),
    isPublic: raw.security?.some((way) => Object.keys(way).length === 0) ?? false,
  }
}

/** The operations in which a word of the search stands somewhere. */
export function matching(groups: Group[], search: string): Group[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean)
  const has = (o: Operation) => words.every((word) => `${o.method} ${o.path} ${o.tag} ${o.summary} ${o.description}`.toLowerCase().includes(word))
  return groups.map(({ tag, operations }) => ({ tag, operations: operations.filter(has) })).filter((group) => group.operations.length > 0)
}

export function resolve(document: ApiDocument, schema: Schema): Schema {
  const name = nameOf(schema)
  const found = name === null ? undefined : document.components?.schemas?.[name]
  return found ? { ...found, description: schema.description ?? found.description } : schema
}

const nameOf = (schema: Schema) => schema.$ref?.split('/').at(-1) ?? null

/** The one schema of a `oneOf` that is not null, and whether null may stand there. */
function alternatives(schema: Schema): { schemas: Schema[]; nullable: boolean } {
  const all = schema.oneOf ?? [schema]
  const types = Array.isArray(schema.type) ? schema.type : []
  return { schemas: all.filter((one) => one.type !== 'null'), nullable: all.some((one) => one.type === 'null') || types.includes('null') }
}

/** What a value is, in words: `integer (int64) or null`, `list of Span`. */
export function typeName(schema: Schema): string {
  const { schemas, nullable } = alternatives(schema)
  const names = schemas.map((one) => nameOf(one)?.replace(/^Page_/, 'page of ') ?? plainName(one))
  return [...names, ...(nullable ? ['null'] : [])].join(' or ')
}

function plainName(schema: Schema): string {
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ')
  const type = [schema.type ?? 'any'].flat().find((name) => name !== 'null') ?? 'any'
  if (type === 'array') return `list of ${typeof schema.items === 'object' ? typeName(schema.items) : 'anything'}`
  if (type === 'object' && typeof schema.additionalProperties === 'object') return `map of ${typeName(schema.additionalProperties)}`
  return schema.format && schema.format !== 'double' ? `${type} (${schema.format})` : type
}

export interface Field {
  name: string
  type: string
  required: boolean
  description: string
  /** The schema whose fields stand one level deeper, if there are any. */
  inner: Schema | null
}

/** The fields of an object, or of the objects in a list or map. */
export function fieldsOf(document: ApiDocument, schema: Schema): Field[] {
  const whole = resolve(document, schema)
  const required = new Set(whole.required)
  const own = Object.entries(whole.properties ?? {}).map(([name, field]) => {
    const found = objectWithin(document, field)
    return {
      name,
      type: typeName(field),
      required: required.has(name),
      description: field.description ?? (field.$ref || field.oneOf ? (resolve(document, alternatives(field).schemas[0] ?? {}).description ?? '') : ''),
      inner: found,
    }
  })
  return [...(whole.allOf ?? []).flatMap((part) => fieldsOf(document, part)), ...own]
}

/** The object that a schema is, or has in its list or map; null where its values have no fields. */
export function objectWithin(document: ApiDocument, schema: Schema): Schema | null {
  for (const one of alternatives(schema).schemas) {
    const whole = resolve(document, one)
    if (whole.properties || whole.allOf) return one
    const below = typeof whole.items === 'object' ? whole.items : typeof whole.additionalProperties === 'object' ? whole.additionalProperties : null
    const found = below && objectWithin(document, below)
    if (found) return found
  }
  return null
}

/** A value of the schema, of its examples where it has some. Deeper than anyone reads it is null. */
export function sample(document: ApiDocument, schema: Schema, depth = 0): unknown {
  if (depth > 8) return null
  const whole = resolve(document, alternatives(schema).schemas[0] ?? schema)
  if (whole.example !== undefined) return whole.example
  if (whole.default !== undefined) return whole.default
  if (whole.enum) return whole.enum[0]
  const parts = (whole.allOf ?? []).map((part) => sample(document, part, depth + 1))
  if (whole.properties || parts.length) {
    const own = Object.entries(whole.properties ?? {}).map(([name, field]) => [name, sample(document, field, depth + 1)] as const)
    return Object.assign({}, ...parts, Object.fromEntries(own))
  }
  switch ([whole.type ?? 'object'].flat().find((name) => name !== 'null')) {
    case 'array':
      return typeof whole.items === 'object' ? [sample(document, whole.items, depth + 1)] : []
    case 'string':
      return 'text'
    case 'integer':
    case 'number':
      return whole.minimum ?? 0
    case 'boolean':
      return false
    default:
      return {}
  }
}

/** The address with what was given for its parameters; those left empty are left out. */
export function addressOf(operation: Operation, values: Record<string, string>): string {
  const path = operation.path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(values[name] || `{${name}}`))
  const query = new URLSearchParams()
  for (const { name, in: place, schema } of operation.parameters) {
    const value = values[name]
    if (place !== 'query' || !value) continue
    const several = [schema?.type].flat().includes('array')
    for (const one of several ? value.split('\n') : [value]) if (one) query.append(name, one)
  }
  const text = query.toString()
  return text ? `${path}?${text}` : path
}

/** The parameters of the path that have no value yet. */
export function missing(operation: Operation, values: Record<string, string>): string[] {
  return operation.parameters.filter((parameter) => parameter.required && !values[parameter.name]).map((parameter) => parameter.name)
}

/** The request for a shell. */
export function curlOf(operation: Operation, origin: string, values: Record<string, string>): string {
  const quoted = (text: string) => `'${text.replaceAll("'", String.raw`'\''`)}'`
  const lines = [`curl --cacert ca.pem ${operation.method === 'GET' ? '' : `-X ${operation.method} `}${quoted(origin + addressOf(operation, values))}`]
  if (!operation.isPublic) lines.push('-H "Authorization: Bearer $token"')
  if (operation.body) lines.push(`-H ${quoted(`Content-Type: ${operation.body.type}`)}`, `-d ${quoted(JSON.stringify(operation.body.example))}`)
  return lines.join(' \\\n  ')
}
