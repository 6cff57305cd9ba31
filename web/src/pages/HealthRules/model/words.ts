// Rules, schedules and what they are made of, as people read them. Pure.
import type { AffectedKind, BandSide, CustomEntity, MetricFunction, NameMatch, NodeRuntime, NoData, Operator, Schedule, Weekday, WhichDay } from '../types'
import { ALWAYS, isOfNodes, isOfTiers, LEVELS, numberOf, type ConditionDraft, type CriteriaDraft, type Draft, type MetricDraft } from './draft'
import { unitOf } from './metrics'

export const KIND_WORDS: Record<AffectedKind, string> = {
  OVERALL_APPLICATION: 'The whole application',
  BUSINESS_TRANSACTIONS: 'Business transactions',
  TIERS: 'Tiers: how they serve',
  NODES: 'Nodes: how they serve',
  TIER_HARDWARE: 'Tiers: hardware and runtime',
  NODE_HARDWARE: 'Nodes: hardware and runtime',
  SERVERS: 'Servers',
  BACKENDS: 'Backends',
  ERRORS: 'Errors',
  SERVICE_ENDPOINTS: 'Service endpoints',
  CUSTOM: 'Any metrics',
}

/** One of them, within a sentence. */
const ONE: Record<AffectedKind, string> = {
  OVERALL_APPLICATION: 'the application',
  BUSINESS_TRANSACTIONS: 'business transaction',
  TIERS: 'tier',
  NODES: 'node',
  TIER_HARDWARE: 'tier',
  NODE_HARDWARE: 'node',
  SERVERS: 'server',
  BACKENDS: 'backend',
  ERRORS: 'error',
  SERVICE_ENDPOINTS: 'service endpoint',
  CUSTOM: 'the application',
}

export const CUSTOM_WORDS: Record<CustomEntity, string> = { TIER: 'tier', NODE: 'node', BUSINESS_TRANSACTION: 'business transaction', BACKEND: 'backend', SERVICE_ENDPOINT: 'service endpoint' }
export const RUNTIME_WORDS: Record<NodeRuntime, string> = { ANY: 'any', JAVA: 'Java', DOT_NET: '.NET', PHP: 'PHP', NODEJS: 'Node.js', PYTHON: 'Python', GO: 'Go' }
export const MATCH_WORDS: Record<NameMatch, string> = { STARTS_WITH: 'starts with', ENDS_WITH: 'ends with', CONTAINS: 'contains', EQUALS: 'is', REGEX: 'matches the regular expression' }
export const FUNCTION_WORDS: Record<MetricFunction, string> = { VALUE: 'Value', MIN: 'Minimum', MAX: 'Maximum', SUM: 'Sum', COUNT: 'Count', CURRENT: 'Newest value', GROUP_COUNT: 'Number of series' }
export const OPERATOR_WORDS: Record<Operator, string> = { GREATER: 'above', GREATER_OR_EQUAL: 'at least', LESS: 'below', LESS_OR_EQUAL: 'at most', EQUAL: 'exactly', NOT_EQUAL: 'other than' }
export const SIDE_WORDS: Record<BandSide, string> = { ABOVE: 'above', BELOW: 'below', OUTSIDE: 'outside of', WITHIN: 'within' }
export const NO_DATA_WORDS: Record<NoData, string> = { UNKNOWN: 'nobody can tell', TRUE: 'it holds', FALSE: 'it does not hold' }

/** Whom a rule judges, each: `each tier`, `each node of the tiers a, b`. */
export function affectsWord({ kind, scope, runtime, customEntity }: Pick<Draft, 'kind' | 'scope' | 'runtime' | 'customEntity'>): string {
  if (kind === 'CUSTOM' && customEntity) return `the ${CUSTOM_WORDS[customEntity]} ${scope.names[0] ?? '…'}`
  if (kind === 'CUSTOM' || kind === 'OVERALL_APPLICATION') return 'the application'
  const one = `${isOfNodes(kind) && runtime !== 'ANY' ? `${RUNTIME_WORDS[runtime]} ` : ''}${ONE[kind]}`
  const names = listed(scope.names)
  switch (scope.type) {
    case 'SPECIFIC':
      if (scope.not) return `each ${one} but ${names}`
      return scope.names.length === 1 ? `the ${one} ${names}` : `each of the ${one}s ${names}`
    case 'WITHIN_TIERS':
      return `each ${one} ${scope.not ? 'outside of' : 'of'} the ${scope.names.length === 1 ? 'tier' : 'tiers'} ${names}`
    case 'MATCHING':
      return `each ${one} whose name ${scope.not ? 'not ' : ''}${MATCH_WORDS[scope.how]} “${scope.value}”`
    default:
      return `each ${one}`
  }
}

const MOST = 4

function listed(names: readonly string[]): string {
  if (names.length === 0) return '…'
  const shown = names.slice(0, MOST).join(', ')
  return names.length > MOST ? `${shown} and ${names.length - MOST} more` : shown
}

const FUNCTIONS: Record<MetricFunction, (name: string) => string> = {
  VALUE: (name) => name,
  MIN: (name) => `the minimum of ${name}`,
  MAX: (name) => `the maximum of ${name}`,
  SUM: (name) => `the sum of ${name}`,
  COUNT: (name) => `the count behind ${name}`,
  CURRENT: (name) => `the newest ${name}`,
  GROUP_COUNT: (name) => `the number of series of ${name}`,
}

const lastOf = (path: string) => path.trim().split('|').at(-1) || '…'
const metricWord = ({ fn, path }: MetricDraft) => FUNCTIONS[fn](lastOf(path))

/** `Errors per Minute is above 10 in 3 of the last 5 minutes`. */
export function conditionWord(condition: ConditionDraft): string {
  const [first] = condition.metrics
  const what = condition.expression === null ? metricWord(first ?? { name: 'a', fn: 'VALUE', path: '' }) : condition.name.trim() || condition.expression.trim() || '…'
  const { violations, minutes } = condition.persistence ?? {}
  const times = !minutes ? '' : Number(minutes) === 1 ? ' in the last minute' : ` in ${violations} of the last ${minutes} minutes`
  return `${what} is ${comparedWord(condition)}${times}`
}

function comparedWord(condition: ConditionDraft): string {
  if (condition.compare === 'VALUE') {
    const value = numberOf(condition.value)
    const [metric] = condition.metrics
    const unit = condition.expression === null && metric ? unitOf(metric.fn, metric.path) : ''
    return `${OPERATOR_WORDS[condition.operator]} ${Number.isFinite(value) ? value.toLocaleString('en', { maximumFractionDigits: 6 }) : '…'}${unit && unit !== 'per minute' ? ` ${unit}` : ''}`
  }
  const width = `${condition.width.trim() || '…'} ${condition.unit === 'PERCENT' ? '%' : 'σ'}`
  const which = condition.baseline === null ? 'its baseline' : `the baseline “${condition.baseline}”`
  return condition.side === 'OUTSIDE' || condition.side === 'WITHIN' ? `${SIDE_WORDS[condition.side]} ${width} around ${which}` : `more than ${width} ${SIDE_WORDS[condition.side]} ${which}`
}

export function criteriaWord(criteria: CriteriaDraft, kind: AffectedKind): string {
  const words = criteria.conditions.map(conditionWord)
  const joined = criteria.combine === 'CUSTOM' ? withConditions(criteria) : words.join(criteria.combine === 'ALL' ? ' and ' : ' or ')
  return isOfTiers(kind) ? `${joined}${nodesWord(criteria)}` : joined
}

/** Each letter of the expression becomes its condition. */
function withConditions({ conditions, expression }: CriteriaDraft): string {
  if (expression.trim() === '') return '…'
  const byLetter = new Map(conditions.map((one) => [one.short, conditionWord(one)]))
  return expression.trim().replaceAll(/\b(AND|OR|NOT|[A-Z])\b/g, (word) => byLetter.get(word) ?? word.toLowerCase())
}

function nodesWord({ nodes, nodesValue }: CriteriaDraft): string {
  switch (nodes) {
    case 'ANY_NODE':
      return ', on any of its nodes'
    case 'PERCENTAGE_NODES':
      return `, on at least ${nodesValue || '…'} % of its nodes`
    case 'NUMBER_OF_NODES':
      return `, on at least ${nodesValue || '…'} of its nodes`
    default:
      return ''
  }
}

const minutes = (text: string) => `${text.trim() || '…'} ${numberOf(text) === 1 ? 'minute' : 'minutes'}`

/** The rule in words. */
export function sentenceOf(draft: Draft): string {
  const levels = LEVELS.flatMap((level) => {
    const criteria = draft[level]
    return criteria ? [`${level} when ${criteriaWord(criteria, draft.kind)}`] : []
  })
  const when = draft.schedule === ALWAYS ? '' : ` Only during “${draft.schedule}”.`
  const who = affectsWord(draft)
  const verb = draft.enabled ? 'is judged each minute' : 'would be judged each minute, were the rule switched on,'
  return `${who.charAt(0).toUpperCase()}${who.slice(1)} ${verb} by its last ${minutes(draft.window)}: ${levels.join('; else ') || 'nothing yet'}. While it goes on that is said again every ${minutes(draft.wait)}.${when}`
}

// --- schedules ---

export const DAYS: readonly Weekday[] = ['MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY', 'SUNDAY']
export const dayWord = (day: Weekday) => day.charAt(0) + day.slice(1).toLowerCase()
export const WHICH: readonly WhichDay[] = ['FIRST', 'SECOND', 'THIRD', 'FOURTH', 'LAST']

function daysWord(days: readonly Weekday[]): string {
  const at = DAYS.map((day) => days.includes(day))
  const first = at.indexOf(true)
  const last = at.lastIndexOf(true)
  const isRun = first >= 0 && last - first > 1 && at.slice(first, last + 1).every(Boolean)
  if (isRun) return first === 0 && last === 6 ? 'every day' : `${dayWord(DAYS[first] ?? 'MONDAY')} to ${dayWord(DAYS[last] ?? 'SUNDAY')}`
  return DAYS.filter((day) => days.includes(day)).map(dayWord).join(', ')
}

/** `00:00` to `00:00` is a whole day. */
const span = (from: string, to: string) => (from === to ? 'all day' : `${from} to ${to}`)

/** When a schedule is on. */
export function timesWord({ times, timezone }: Pick<Schedule, 'times' | 'timezone'>): string {
  const words = () => {
    switch (times.type) {
      case 'ONE_TIME':
        return `once, ${times.start_date} ${times.start_time} to ${times.end_date} ${times.end_time}`
      case 'DAILY':
        return `every day, ${span(times.start_time, times.end_time)}`
      case 'WEEKLY':
        return `${daysWord(times.days)}, ${span(times.start_time, times.end_time)}`
      case 'MONTHLY_DATE':
        return `each month, day ${times.start_day} ${times.start_time} to day ${times.end_day} ${times.end_time}`
      case 'MONTHLY_DAY':
        return `the ${times.which.toLowerCase()} ${dayWord(times.day)} of the month, ${span(times.start_time, times.end_time)}`
      default:
        return `from “${times.start_cron}” to “${times.end_cron}”`
    }
  }
  return `${words()} (${timezone})`
}

