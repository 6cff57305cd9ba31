// Settings of anomaly detection while somebody writes them. Pure.
import type { AnomalySensitivity, AnomalySettings, TransactionSettings } from '../../api/types'

export const SENSITIVITIES: { value: AnomalySensitivity; label: string }[] = [
  { value: 'LOW', label: 'Low: tells a third of what medium tells' },
  { value: 'MEDIUM', label: 'Medium' },
  { value: 'HIGH', label: 'High: tells three times what medium tells' },
]
export const SENSITIVITY_WORDS: Record<AnomalySensitivity, string> = { LOW: 'low', MEDIUM: 'medium', HIGH: 'high' }

export interface Draft {
  enabled: boolean
  sensitivity: AnomalySensitivity
  /** Numbers as they are typed. */
  percent: string
  ms: string
  calls: string
  transactions: TransactionSettings[]
}

export const draftOf = ({ enabled, sensitivity, min_deviation_percent: percent, min_deviation_ms: ms, min_calls: calls, transactions }: AnomalySettings): Draft => ({ enabled, sensitivity, percent: String(percent), ms: String(ms), calls: String(calls), transactions })

export type LimitName = 'percent' | 'ms' | 'calls'

const MOST: Record<LimitName, number> = { percent: 1000, ms: 600_000, calls: 1_000_000 }

const numberOf = (text: string) => (/^\d+([.,]\d+)?$/.test(text.trim()) ? Number(text.trim().replace(',', '.')) : Number.NaN)

/** What is wrong with a limit; undefined when nothing is. */
export function problemOf(draft: Draft, name: LimitName): string | undefined {
  const value = numberOf(draft[name])
  return value >= 0 && value <= MOST[name] ? undefined : `A number from 0 to ${MOST[name].toLocaleString('en')}`
}

/** What would be stored; null while a limit is none. */
export function settingsOf(draft: Draft): AnomalySettings | null {
  if ((['percent', 'ms', 'calls'] as const).some((name) => problemOf(draft, name))) return null
  const { enabled, sensitivity, transactions } = draft
  return { enabled, sensitivity, min_deviation_percent: numberOf(draft.percent), min_deviation_ms: numberOf(draft.ms), min_calls: numberOf(draft.calls), transactions }
}

/** The overrides with one added or changed; `null` takes it out, and all the others stay where they are. */
export function withOverride(overrides: readonly TransactionSettings[], id: number, change: Partial<Omit<TransactionSettings, 'id'>> | null): TransactionSettings[] {
  if (change === null) return overrides.filter((one) => one.id !== id)
  if (overrides.some((one) => one.id === id)) return overrides.map((one) => (one.id === id ? { ...one, ...change } : one))
  return [...overrides, { id, enabled: true, sensitivity: 'MEDIUM', ...change }]
}
