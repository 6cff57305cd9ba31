// The filter of the logs page as the URL writes it and as the server is asked. Pure.
import type { Params } from '../../../api/client'

/** From the gravest on. */
export const SEVERITIES = ['FATAL', 'ERROR', 'WARN', 'INFO', 'DEBUG', 'TRACE', 'UNSPECIFIED'] as const

export interface LogFilter {
  application: number | null
  text: string
  severities: string[]
  tier: number | null
  node: number | null
  logger: string
  trace: string
  /** `key=value`. */
  attributes: string[]
}

/** What the page may change; the application of an application's own page stays. */
export type Change = Partial<LogFilter>

const NAMES = { application: 'application', text: 'text', severities: 'severity', tier: 'tier', node: 'node', logger: 'logger', trace: 'trace', attributes: 'attribute' } as const

const numberOf = (text: string | null) => (text !== null && /^\d{1,10}$/.test(text) ? Number(text) : null)

export function filterOf(params: URLSearchParams, application: number | null): LogFilter {
  const all = (name: string) => [...new Set(params.getAll(name))].filter(Boolean)
  return {
    application: application ?? numberOf(params.get(NAMES.application)),
    text: params.get(NAMES.text) ?? '',
    severities: all(NAMES.severities).filter((s) => (SEVERITIES as readonly string[]).includes(s)),
    tier: numberOf(params.get(NAMES.tier)),
    node: numberOf(params.get(NAMES.node)),
    logger: params.get(NAMES.logger) ?? '',
    trace: params.get(NAMES.trace) ?? '',
    attributes: all(NAMES.attributes).slice(0, 8),
  }
}

/** The parameters after a change; what is empty is left out. */
export function withChange(params: URLSearchParams, change: Change): URLSearchParams {
  const after = new URLSearchParams(params)
  for (const [key, value] of Object.entries(change)) {
    const name = NAMES[key as keyof typeof NAMES]
    after.delete(name)
    for (const one of [value].flat()) if (one !== null && one !== '' && one !== undefined) after.append(name, String(one))
  }
  return after
}

/** What the server is asked. */
export function askedOf(filter: LogFilter): Params {
  const { application, text, severities, tier, node, logger, trace, attributes } = filter
  return { application, text, severity: severities, tier, node, logger, trace_id: trace.toLowerCase(), attribute: attributes }
}

export const isTraceId = (text: string) => /^[0-9a-f]{32}$/i.test(text) && !/^0+$/.test(text)

/** Why an attribute cannot be asked for; null when it can. */
export function attributeProblem(text: string): string | null {
  const at = text.indexOf('=')
  if (at <= 0) return 'Write key=value, for example http.route=/cart'
  return text.length > 1000 ? 'This is too long' : null
}

/** One value of an attribute as the filter names it; null for lists and maps, which cannot be asked for. */
export function attributeText(key: string, value: unknown): string | null {
  return value !== null && typeof value !== 'object' && key !== '' && !key.includes('=') ? `${key}=${String(value)}` : null
}
