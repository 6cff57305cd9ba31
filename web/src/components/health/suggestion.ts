// What a chart suggests for a rule about what it shows, as the link to the editor says it. Pure.
import type { components } from '../../api/schema'

export interface Suggestion {
  kind: components['schemas']['AffectedKind']
  /** Empty: all of the kind, or the application. */
  name: string
  /** As the rule says it. */
  path: string
  /** Whether there is a baseline to compare with. */
  baseline: boolean
  /** What a fixed threshold could be; null where nothing was measured. */
  value: number | null
}

/** A threshold that people would write: two digits that mean something. */
export const rounded = (value: number): string => (value === 0 ? '0' : String(Number(value.toPrecision(2))))

const NAMES = { kind: 'kind', name: 'of', path: 'metric', baseline: 'baseline_known', value: 'value' } as const

/** For the URL of the editor. */
export function paramsOf({ kind, name, path, baseline, value }: Suggestion): Record<string, string | null> {
  return { [NAMES.kind]: kind, [NAMES.name]: name || null, [NAMES.path]: path, [NAMES.baseline]: baseline ? 'yes' : null, [NAMES.value]: value === null ? null : rounded(value) }
}

/** What a URL suggests; null when it says nothing. */
export function suggestionOf(params: URLSearchParams): Suggestion | null {
  const kind = params.get(NAMES.kind)
  const path = params.get(NAMES.path)
  if (!kind || !path) return null
  const value = Number(params.get(NAMES.value) ?? Number.NaN)
  return { kind: kind as Suggestion['kind'], path, name: params.get(NAMES.name) ?? '', baseline: params.get(NAMES.baseline) === 'yes', value: Number.isFinite(value) ? value : null }
}

/** Fixed thresholds lie well above what was seen: half as much again as the highest of all but the highest twentieth. */
export function thresholdOf(values: readonly (number | null)[]): number | null {
  const seen = values.filter((value) => value !== null).sort((a, b) => a - b)
  const high = seen[Math.ceil(seen.length * 0.95) - 1]
  return high === undefined || high <= 0 ? null : high * 1.5
}
