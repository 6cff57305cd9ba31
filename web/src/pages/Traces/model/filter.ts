// What is searched for, as the URL writes it and as the server is asked. Pure.

export type Show = 'transactions' | 'spans'

export interface Filter {
  /** Whole transactions, or single spans; attributes are those of spans. */
  show: Show
  bt: number | null
  tier: number | null
  /** Outcomes joined by commas; null for any. Of spans only `ERROR`. */
  outcome: string | null
  /** Milliseconds. */
  min: number | null
  max: number | null
  /** Each `key=value`; all have to be there. */
  attributes: string[]
}

export const MAX_ATTRIBUTES = 8

const idOf = (text: string | null) => (text !== null && /^\d{1,9}$/.test(text) ? Number(text) : null)
const durationOf = (text: string | null) => {
  const ms = text === null || text === '' ? Number.NaN : Number(text)
  return Number.isFinite(ms) && ms >= 0 && ms <= 1e10 ? ms : null
}

/** What cannot be read is not asked for, so that an old link still opens. */
export function filterOf(params: URLSearchParams): Filter {
  const attributes = params.getAll('attr').filter((pair) => pair.indexOf('=') > 0).slice(0, MAX_ATTRIBUTES)
  return {
    show: attributes.length > 0 || params.get('show') === 'spans' ? 'spans' : 'transactions',
    bt: idOf(params.get('bt')),
    tier: idOf(params.get('tier')),
    outcome: params.get('outcome') || null,
    min: durationOf(params.get('min')),
    max: durationOf(params.get('max')),
    attributes,
  }
}

/** A changed filter in the place of the one that parameters hold; all others stay. */
export function withFilter(params: URLSearchParams, filter: Filter): URLSearchParams {
  const after = new URLSearchParams(params)
  const { show, bt, tier, outcome, min, max } = filter
  const values: Record<string, string | number | null> = { show: show === 'spans' ? show : null, bt, tier, outcome, min, max }
  for (const [name, value] of Object.entries(values)) {
    if (value === null) after.delete(name)
    else after.set(name, String(value))
  }
  after.delete('attr')
  for (const pair of filter.attributes) after.append('attr', pair)
  return after
}

export const NOTHING: Omit<Filter, 'show'> = { bt: null, tier: null, outcome: null, min: null, max: null, attributes: [] }

export function isFiltered(filter: Filter): boolean {
  return JSON.stringify({ ...filter, show: null }) !== JSON.stringify({ show: null, ...NOTHING })
}

/** The parameters of `GET /snapshots`. */
export function transactionParams({ bt, tier, outcome, min, max }: Filter, application: number | undefined) {
  return { application, bt, tier, outcome, min_duration_ms: min, max_duration_ms: max, kept: false }
}

/** The parameters of `GET /spans`. */
export function spanParams({ bt, tier, outcome, min, max, attributes }: Filter, application: number | undefined) {
  return { application, bt, tier, error: outcome === 'ERROR' ? true : null, min_duration_ms: min, max_duration_ms: max, attribute: attributes }
}

const UNITS: Record<string, number> = { us: 0.001, µs: 0.001, ms: 1, '': 1, s: 1000, sec: 1000, m: 60_000, min: 60_000, h: 3_600_000 }

/** Milliseconds of `250`, `250 ms`, `1.5s`, `2 min`; null when it is none of these. */
export function parseDuration(text: string): number | null {
  const [, number = '', unit = ''] = /^\s*(\d+(?:[.,]\d+)?)\s*([a-zµ]*)\s*$/i.exec(text) ?? []
  const factor = UNITS[unit.toLowerCase()]
  if (number === '' || factor === undefined) return null
  return durationOf(String(Number((Number(number.replace(',', '.')) * factor).toPrecision(12))))
}

/** What of a page's URL a saved search keeps, and the application it was saved in. */
export function savedQuery(params: URLSearchParams, application: number | undefined): string {
  const kept = new URLSearchParams(params)
  kept.delete('sort')
  if (application !== undefined) kept.set('application', String(application))
  return kept.toString()
}

/** The application and the query of a saved search. */
export function readSaved(query: string): { application: number | undefined; query: string } {
  const params = new URLSearchParams(query)
  const application = idOf(params.get('application')) ?? undefined
  params.delete('application')
  return { application, query: params.toString() }
}
