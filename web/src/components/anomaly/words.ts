// Anomalies as people read them. Pure.
import type { AnomalousKind, Anomaly, AnomalyChange, AnomalyMeasure, AnomalyModel, AnomalyState, FeedbackVerdict } from '../../api/types'
import { paths } from '../../app/paths'
import { percent, short } from '../../format/numbers'
import { shownIn } from '../../format/units'

export const KIND_WORDS: Record<AnomalousKind, string> = { BUSINESS_TRANSACTION: 'business transaction', TIER: 'tier', NODE: 'node', SERVICE_ENDPOINT: 'service endpoint', BACKEND: 'backend', SERVER: 'server' }
export const MEASURE_WORDS: Record<AnomalyMeasure, string> = { RESPONSE_TIME: 'response time', ERROR_SHARE: 'share of failed calls', CALLS: 'calls', METRIC: 'metric' }
export const STATE_WORDS: Record<AnomalyState, string> = { LEARNING: 'learning', NORMAL: 'normal', WARNING: 'warning', CRITICAL: 'critical', NO_DATA: 'no data' }
export const FEEDBACK_WORDS: Record<FeedbackVerdict, string> = { NOISE: 'Noise', CAUSE_CONFIRMED: 'Cause confirmed', CAUSE_WRONG: 'Wrong cause' }

/** What is measured: the last segment of a metric's path, or the measure's name. */
export const measuredWord = ({ measure, metric }: { measure: AnomalyMeasure; metric?: string | null }) => (measure === 'METRIC' ? (metric?.split('|').at(-1) ?? 'metric') : MEASURE_WORDS[measure])

/** The page of an entity; null where it has none. */
export function pathOfEntity(application: number, kind: AnomalousKind, id: number): string | null {
  switch (kind) {
    case 'BUSINESS_TRANSACTION':
      return paths.businessTransaction(application, id)
    case 'TIER':
      return paths.tier(application, id)
    case 'NODE':
    // A server has no page: a node on it stands for it.
    case 'SERVER':
      return paths.node(application, id)
    case 'BACKEND':
      return paths.backend(application, id)
    default:
      return null
  }
}

/** Of values of a series, how many usual deviations around what is expected are called usual. */
const USUAL_DEVIATIONS = 2

type Measured = Pick<Anomaly, 'observed' | 'expected' | 'deviation' | 'unit' | 'measure'>

/** What would have been usual at its worst minute: two usual deviations around what was expected, as the figures tell them. */
export function usualOf({ observed, expected, deviation, measure }: Measured): [low: number, high: number] {
  const usual = deviation === 0 ? 0 : Math.abs((observed - expected) / deviation)
  const by = Number.isFinite(usual) ? usual * USUAL_DEVIATIONS : 0
  const low = expected - by
  // What is counted or timed is never below nothing.
  return [measure === 'METRIC' && expected < 0 ? low : Math.max(0, low), expected + by]
}

/** `120–180 ms`; one value where its ends would be told alike. */
export function rangeText(low: number, high: number, unit: string): string {
  const [from, to] = [shownIn(unit, round(low)), shownIn(unit, round(high))]
  if (from === to) return to
  if (low === 0) return `up to ${to}`
  const [, fromUnit = ''] = /^[\d.,]+[kMG]?(.*)$/.exec(from) ?? []
  const [, toUnit = ''] = /^[\d.,]+[kMG]?(.*)$/.exec(to) ?? []
  return fromUnit === toUnit && fromUnit !== '' ? `${from.slice(0, -fromUnit.length)}–${to}` : `${from} to ${to}`
}

/** Two digits: what is usual is not known better. */
const round = (value: number) => (value === 0 ? 0 : Number(value.toPrecision(2)))

const timesText = (ratio: number) => `${ratio >= 10 ? Math.round(ratio).toLocaleString('en') : ratio.toFixed(1).replace(/\.0$/, '')}×`

/** How far from what is usual: `4.2× slower: 1.9 s where 120–180 ms is usual`. */
export function deviationText(anomaly: Measured): string {
  const { observed, expected, deviation, unit, measure } = anomaly
  // Opened by what was learnt afterwards, before a minute of its own was judged.
  if (deviation === 0 && observed === expected) return 'how far off is not known yet'
  const usual = `${rangeText(...usualOf(anomaly), unit)} is usual`
  const seen = shownIn(unit, observed)
  if (measure === 'ERROR_SHARE') return `${seen} of the calls fail where ${usual}`
  const rises = observed >= expected
  const [more, less] = measure === 'RESPONSE_TIME' ? ['slower', 'faster'] : measure === 'CALLS' ? ['the calls', ''] : ['higher', '']
  // A ratio means nothing where nothing, or less than it, is expected.
  if (expected <= 0 || observed < 0) return `${seen} where ${usual}`
  if (rises) {
    const ratio = observed / expected
    return ratio < 1.05 ? `${seen} where ${usual}` : `${timesText(ratio)} ${more}: ${seen} where ${usual}`
  }
  const share = percent(Number((100 * (1 - observed / expected)).toPrecision(2)))
  return `${share} ${measure === 'CALLS' ? 'fewer calls' : measure === 'RESPONSE_TIME' ? less : 'lower'}: ${seen} where ${usual}`
}

/** Of 0 to 1, in whole percent; never certain. */
export const confidenceText = (confidence: number) => `${Math.min(99, Math.max(1, Math.round(confidence * 100)))} %`

/** Causes are looked for of these; of others they are found with whoever suffers from them. */
export const isLookedFor = (kind: AnomalousKind) => kind === 'BUSINESS_TRANSACTION' || kind === 'TIER'

/** Who most likely caused it, or why nobody is named. */
export function suspectText({ verdict, top_suspect: suspect, entity_kind: kind }: Pick<Anomaly, 'verdict' | 'top_suspect' | 'entity_kind'>): string {
  if (verdict === 'PENDING') return isLookedFor(kind) ? 'still looking' : 'found with what suffers'
  if (verdict === 'NO_CLEAR_CAUSE' || !suspect) return 'no clear cause'
  return `${suspect.entity.name}${verdict === 'LOAD' ? ', its load' : ''}`
}

const CHANGES: Record<AnomalyChange['kind'], (level: string) => string> = {
  OPENED: (level) => `Opened as ${level}`,
  UPGRADED: () => 'Became critical',
  DOWNGRADED: () => 'Became a warning',
  CLOSED: (level) => `Closed, was ${level}`,
  SHIFTED: () => 'Stays at a new level',
}

export const changeText = ({ kind, level }: Pick<AnomalyChange, 'kind' | 'level'>) => CHANGES[kind](level.toLowerCase())

const EVENTS: Record<string, string> = { OPEN_WARNING: 'Anomaly, warning', OPEN_CRITICAL: 'Anomaly, critical', UPGRADED: 'Anomaly became critical', DOWNGRADED: 'Anomaly became a warning', CLOSE_WARNING: 'Anomaly over, was warning', CLOSE_CRITICAL: 'Anomaly over, was critical' }

/** What an event of an anomaly is called; undefined for others. */
export const anomalyEventLabel = (type: string) => (type.startsWith('ANOMALY_') ? EVENTS[type.slice('ANOMALY_'.length)] : undefined)

/** Until a series has been seen for so long there is no verdict. */
const LEARNING_MS = 3_600_000

/** What is said of a series that is still learnt, by its first reading and how many there are; null once it is known. */
export function learningText({ state, learning_since: since, readings }: Pick<AnomalyModel, 'state' | 'learning_since' | 'readings'>, now: number): string | null {
  if (state === 'LEARNING' || since !== null) {
    const left = Math.ceil(((since ?? now) + LEARNING_MS - now) / 60_000)
    return `First verdicts come after an hour of reports${left > 0 ? `, in ${left} min` : ''}; what counts as usual narrows over the first 24 hours.`
  }
  const hours = 24 - Math.floor(readings / 60)
  return hours > 0 ? `What counts as usual is still narrowing: for about ${hours} more hours of reports only large deviations are told.` : null
}

/** A number that a formula gave, of readings and rarities. */
export const tidy = (value: number) => short(Number(value.toPrecision(3)))
