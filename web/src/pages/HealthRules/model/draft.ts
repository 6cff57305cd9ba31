// A rule while it is edited: numbers are what was typed, and what the other choice would need is kept while one choice is
// made. Pure.
import type { AffectedKind, Affects, BandSide, BaselineUnit, Compare, Condition, Criteria, CustomEntity, Input, Level, MetricFunction, NameMatch, NodeMatch, NodeRuntime, NoData, Operator, Rule, Scope } from '../types'

export interface MetricDraft {
  /** As the expression knows it. */
  name: string
  fn: MetricFunction
  path: string
}

export interface ConditionDraft {
  /** Tells it from the others however it is named. */
  id: number
  short: string
  /** Empty: called by its metric. */
  name: string
  /** Null: the first metric as it is. */
  expression: string | null
  metrics: MetricDraft[]
  compare: Compare['type']
  operator: Operator
  value: string
  side: BandSide
  /** Null: the application's default. */
  baseline: string | null
  unit: BaselineUnit
  width: string
  noData: NoData
  persistence: { violations: string; minutes: string } | null
}

export interface CriteriaDraft {
  conditions: ConditionDraft[]
  combine: 'ALL' | 'ANY' | 'CUSTOM'
  expression: string
  nodes: NodeMatch['type']
  nodesValue: string
}

export interface ScopeDraft {
  type: Scope['type']
  names: string[]
  how: NameMatch
  value: string
  not: boolean
}

export interface Draft {
  name: string
  enabled: boolean
  window: string
  wait: string
  schedule: string
  kind: AffectedKind
  scope: ScopeDraft
  runtime: NodeRuntime
  customEntity: CustomEntity | null
  critical: CriteriaDraft | null
  warning: CriteriaDraft | null
}

export const LEVELS = ['critical', 'warning'] as const
export type LevelKey = (typeof LEVELS)[number]
export const levelOf = (key: LevelKey): Level => (key === 'critical' ? 'CRITICAL' : 'WARNING')

export const ALWAYS = 'Always'
export const MAX_CONDITIONS = 8
export const MAX_VARIABLES = 8

let lastId = 0

export function newCondition(short: string, path = ''): ConditionDraft {
  lastId += 1
  return { id: lastId, short, name: '', expression: null, metrics: [{ name: 'a', fn: 'VALUE', path }], compare: 'VALUE', operator: 'GREATER', value: '', side: 'ABOVE', baseline: null, unit: 'STANDARD_DEVIATIONS', width: '3', noData: 'UNKNOWN', persistence: null }
}

/** A copy that is told from what it was made of. */
export function copyOfCondition(condition: ConditionDraft, short: string): ConditionDraft {
  lastId += 1
  return { ...condition, id: lastId, short, metrics: condition.metrics.map((one) => ({ ...one })) }
}

export const newCriteria = (): CriteriaDraft => ({ conditions: [newCondition('A')], combine: 'ALL', expression: '', nodes: 'AVERAGE', nodesValue: '' })

export const copyOfCriteria = (criteria: CriteriaDraft): CriteriaDraft => ({ ...criteria, conditions: criteria.conditions.map((one) => copyOfCondition(one, one.short)) })

export const freshScope = (): ScopeDraft => ({ type: 'ALL', names: [], how: 'CONTAINS', value: '', not: false })

export const fresh = (): Draft => ({ name: '', enabled: true, window: '15', wait: '30', schedule: ALWAYS, kind: 'BUSINESS_TRANSACTIONS', scope: freshScope(), runtime: 'ANY', customEntity: null, critical: newCriteria(), warning: null })

/** The first letter that no condition has. */
export function freeLetter(conditions: readonly ConditionDraft[]): string {
  const taken = new Set(conditions.map((one) => one.short))
  return [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'].find((letter) => !taken.has(letter)) ?? 'Z'
}

/** The first name that no metric of an expression has. */
export function freeName(metrics: readonly MetricDraft[]): string {
  const taken = new Set(metrics.map((one) => one.name))
  return [...'abcdefghijklmnopqrstuvwxyz'].find((letter) => !taken.has(letter)) ?? `m${metrics.length + 1}`
}

/** A number as it was typed; NaN where it is none. A comma is a decimal point to many. */
export function numberOf(text: string): number {
  const plain = text.trim().replace(',', '.')
  return /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(plain) ? Number(plain) : Number.NaN
}

// --- from the server ---

export function draftOf(rule: Rule): Draft {
  return {
    name: rule.name,
    enabled: rule.enabled,
    window: String(rule.window_minutes),
    wait: String(rule.wait_minutes),
    schedule: rule.schedule,
    kind: rule.affects.kind,
    scope: scopeDraft(rule.affects.scope),
    runtime: rule.affects.runtime ?? 'ANY',
    customEntity: rule.affects.custom_entity ?? null,
    critical: rule.critical ? criteriaDraft(rule.critical) : null,
    warning: rule.warning ? criteriaDraft(rule.warning) : null,
  }
}

function scopeDraft(scope: Scope): ScopeDraft {
  const empty = freshScope()
  switch (scope.type) {
    case 'SPECIFIC':
      return { ...empty, type: 'SPECIFIC', names: scope.names, not: scope.should_not ?? false }
    case 'WITHIN_TIERS':
      return { ...empty, type: 'WITHIN_TIERS', names: scope.tiers, not: scope.should_not ?? false }
    case 'MATCHING':
      return { ...empty, type: 'MATCHING', how: scope.how, value: scope.value, not: scope.should_not ?? false }
    default:
      return empty
  }
}

function criteriaDraft(criteria: Criteria): CriteriaDraft {
  const nodes = criteria.nodes ?? { type: 'AVERAGE' as const }
  return {
    conditions: criteria.conditions.map(conditionDraft),
    combine: criteria.combine.type,
    expression: criteria.combine.type === 'CUSTOM' ? criteria.combine.expression : '',
    nodes: nodes.type,
    nodesValue: 'value' in nodes ? String(nodes.value) : '',
  }
}

function conditionDraft(condition: Condition): ConditionDraft {
  const { input, compare } = condition
  const start = newCondition(condition.short_name)
  const metrics = input.type === 'METRIC' ? [{ name: 'a', fn: input.function, path: input.path }] : input.variables.map((one) => ({ name: one.name, fn: one.function, path: one.path }))
  const [first] = metrics
  const compared =
    compare.type === 'VALUE'
      ? { compare: compare.type, operator: compare.operator, value: String(compare.value) }
      : { compare: compare.type, side: compare.deviation, baseline: compare.baseline ?? null, unit: compare.unit, width: String(compare.value) }
  return {
    ...start,
    ...compared,
    name: first && input.type === 'METRIC' && condition.name === first.path ? '' : condition.name,
    expression: input.type === 'EXPRESSION' ? input.expression : null,
    metrics,
    noData: condition.no_data ?? 'UNKNOWN',
    persistence: condition.persistence ? { violations: String(condition.persistence.violations), minutes: String(condition.persistence.of_minutes) } : null,
  }
}

// --- to the server ---

/** What is sent. Of a draft with problems it is what the server refuses, with its own sentence. */
export function ruleOf(draft: Draft): Rule {
  return {
    name: draft.name.trim(),
    enabled: draft.enabled,
    window_minutes: numberOf(draft.window),
    wait_minutes: numberOf(draft.wait),
    schedule: draft.schedule,
    affects: affectsOf(draft),
    critical: draft.critical && criteriaOf(draft.critical, draft.kind),
    warning: draft.warning && criteriaOf(draft.warning, draft.kind),
  }
}

export const isOfNodes = (kind: AffectedKind) => kind === 'NODES' || kind === 'NODE_HARDWARE'
export const isOfTiers = (kind: AffectedKind) => kind === 'TIERS' || kind === 'TIER_HARDWARE'

export function affectsOf(draft: Pick<Draft, 'kind' | 'scope' | 'runtime' | 'customEntity'>): Affects {
  const custom = draft.kind === 'CUSTOM' ? draft.customEntity : null
  return { kind: draft.kind, scope: scopeOf(draft, custom), runtime: isOfNodes(draft.kind) ? draft.runtime : 'ANY', custom_entity: custom }
}

function scopeOf({ kind, scope }: Pick<Draft, 'kind' | 'scope'>, custom: CustomEntity | null): Scope {
  if (kind === 'CUSTOM') return custom ? { type: 'SPECIFIC', names: scope.names.slice(0, 1), should_not: false } : { type: 'ALL' }
  if (kind === 'OVERALL_APPLICATION') return { type: 'ALL' }
  switch (scope.type) {
    case 'SPECIFIC':
      return { type: 'SPECIFIC', names: scope.names, should_not: scope.not }
    case 'WITHIN_TIERS':
      return { type: 'WITHIN_TIERS', tiers: scope.names, should_not: scope.not }
    case 'MATCHING':
      return { type: 'MATCHING', how: scope.how, value: scope.value, should_not: scope.not }
    default:
      return { type: 'ALL' }
  }
}

function criteriaOf(criteria: CriteriaDraft, kind: AffectedKind): Criteria {
  return {
    conditions: criteria.conditions.map(conditionOf),
    combine: criteria.combine === 'CUSTOM' ? { type: 'CUSTOM', expression: criteria.expression.trim() } : { type: criteria.combine },
    nodes: isOfTiers(kind) ? nodesOf(criteria) : { type: 'AVERAGE' },
  }
}

function nodesOf({ nodes, nodesValue }: CriteriaDraft): NodeMatch {
  return nodes === 'PERCENTAGE_NODES' || nodes === 'NUMBER_OF_NODES' ? { type: nodes, value: numberOf(nodesValue) } : { type: nodes }
}

/** What a condition is called where nobody named it: by its metric, or by what is made of several. */
export const nameOfCondition = (condition: ConditionDraft): string => condition.name.trim() || (condition.expression === null ? (condition.metrics[0]?.path ?? '') : condition.expression.trim())

function conditionOf(condition: ConditionDraft): Condition {
  const [first] = condition.metrics
  const input: Input =
    condition.expression === null
      ? { type: 'METRIC', function: first?.fn ?? 'VALUE', path: first?.path.trim() ?? '' }
      : { type: 'EXPRESSION', expression: condition.expression.trim(), variables: condition.metrics.map((one) => ({ name: one.name.trim(), function: one.fn, path: one.path.trim() })) }
  const compare: Compare =
    condition.compare === 'VALUE'
      ? { type: 'VALUE', operator: condition.operator, value: numberOf(condition.value) }
      : { type: 'BASELINE', deviation: condition.side, baseline: condition.baseline, unit: condition.unit, value: numberOf(condition.width) }
  return {
    short_name: condition.short,
    name: nameOfCondition(condition).slice(0, 255),
    input,
    compare,
    no_data: condition.noData,
    persistence: condition.persistence && { violations: numberOf(condition.persistence.violations), of_minutes: numberOf(condition.persistence.minutes) },
  }
}
