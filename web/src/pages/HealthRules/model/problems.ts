// What is wrong with a draft, field by field, as the server would say it too. Pure.
import { isOfTiers, LEVELS, MAX_CONDITIONS, nameOfCondition, numberOf, type ConditionDraft, type CriteriaDraft, type Draft, type LevelKey } from './draft'
import { problemOfFormula, problemOfLogic } from './expression'
import { problemOfPath } from './metrics'

/** By field: `name`, `critical.combine`, `critical.3.value` (3: the condition's id), `warning.4.path.0`. */
export type Problems = Record<string, string>

const MAX_NAME = 255
const MAX_WINDOW = 360
const MAX_WAIT = 1440
const MAX_PERSISTENCE = 30

const whole = (text: string, least: number, most: number) => {
  const value = numberOf(text)
  return Number.isInteger(value) && value >= least && value <= most
}

export const keyOf = (level: LevelKey, condition: ConditionDraft, field: string) => `${level}.${condition.id}.${field}`

/** `taken`: the names of the application's other rules. */
export function problemsOf(draft: Draft, taken: readonly string[]): Problems {
  const found: Problems = {}
  const say = (key: string, problem: string | null | false | undefined) => {
    if (problem) found[key] = problem
  }
  const name = draft.name.trim()
  say('name', name === '' ? 'Give it a name' : name.length > MAX_NAME ? `At most ${MAX_NAME} characters` : taken.includes(name) && 'There is a rule of this name')
  say('window', !whole(draft.window, 1, MAX_WINDOW) && `Whole minutes from 1 to ${MAX_WINDOW}`)
  say('wait', !whole(draft.wait, 1, MAX_WAIT) && `Whole minutes from 1 to ${MAX_WAIT}`)
  say('scope', problemOfScope(draft))
  say('levels', !draft.critical && !draft.warning && 'Switch on critical or warning, or both')
  for (const level of LEVELS) {
    const criteria = draft[level]
    if (criteria) Object.assign(found, problemsOfCriteria(draft, level, criteria))
  }
  return found
}

function problemOfScope({ kind, scope, customEntity }: Draft): string | null {
  if (kind === 'OVERALL_APPLICATION') return null
  if (kind === 'CUSTOM') return customEntity && scope.names.length !== 1 ? 'Name the one that it is about' : null
  if ((scope.type === 'SPECIFIC' || scope.type === 'WITHIN_TIERS') && scope.names.length === 0) return 'Name at least one'
  if (scope.type !== 'MATCHING') return null
  if (scope.value === '') return 'Write what names are compared with'
  if (scope.how !== 'REGEX') return null
  try {
    // The server's expressions know less than a browser's: what is wrong here is wrong there.
    RegExp(scope.value)
    return null
  } catch {
    return 'This is no regular expression'
  }
}

function problemsOfCriteria(draft: Draft, level: LevelKey, criteria: CriteriaDraft): Problems {
  const found: Problems = {}
  const { conditions, combine, expression, nodes, nodesValue } = criteria
  const names = conditions.map((one) => one.short)
  const logic = combine === 'CUSTOM' ? problemOfLogic(expression, names) : null
  if (logic) found[`${level}.combine`] = logic
  if (conditions.length > MAX_CONDITIONS) found[`${level}.combine`] = `At most ${MAX_CONDITIONS} conditions`
  if (isOfTiers(draft.kind)) {
    if (nodes === 'PERCENTAGE_NODES' && !(numberOf(nodesValue) >= 1 && numberOf(nodesValue) <= 100)) found[`${level}.nodes`] = 'From 1 to 100 percent'
    if (nodes === 'NUMBER_OF_NODES' && !whole(nodesValue, 1, 100_000)) found[`${level}.nodes`] = 'A whole number from 1'
  }
  for (const condition of conditions) {
    for (const [field, problem] of Object.entries(problemsOfCondition(draft, condition, names))) found[keyOf(level, condition, field)] = problem
  }
  return found
}

/** Functions that have no baseline. */
const COUNTS = new Set(['COUNT', 'GROUP_COUNT'])

function problemsOfCondition(draft: Draft, condition: ConditionDraft, names: string[]): Problems {
  const found: Problems = {}
  if (!/^[A-Z]$/.test(condition.short)) found.short = 'One capital letter'
  else if (names.filter((one) => one === condition.short).length > 1) found.short = 'Another has this letter'
  if (nameOfCondition(condition).length > MAX_NAME && condition.name.trim() !== '') found.name = `At most ${MAX_NAME} characters`
  const metrics = condition.expression === null ? condition.metrics.slice(0, 1) : condition.metrics
  metrics.forEach((metric, at) => {
    const problem = problemOfPath(metric.path, draft.kind)
    if (problem) found[`path.${at}`] = problem
  })
  if (condition.expression !== null) Object.assign(found, problemsOfExpression(condition, condition.expression))
  if (condition.compare === 'VALUE') {
    if (!Number.isFinite(numberOf(condition.value))) found.value = 'Write a number'
  } else {
    const width = numberOf(condition.width)
    if (!(width >= 0 && width <= 1e6)) found.width = 'A number from 0'
    if (condition.expression !== null || COUNTS.has(condition.metrics[0]?.fn ?? '')) found.compare = 'Only single metrics have a baseline, and no counts: compare with a value'
  }
  const persistence = problemOfPersistence(draft, condition)
  if (persistence) found.persistence = persistence
  return found
}

function problemsOfExpression(condition: ConditionDraft, expression: string): Problems {
  const found: Problems = {}
  const names = condition.metrics.map((one) => one.name.trim())
  names.forEach((name, at) => {
    if (!/^[A-Za-z][A-Za-z0-9_]{0,62}$/.test(name)) found[`variable.${at}`] = 'A letter, then letters and digits'
    else if (names.indexOf(name) < at) found[`variable.${at}`] = 'Another has this name'
  })
  const problem = problemOfFormula(expression, names)
  if (problem) found.expression = problem
  return found
}

function problemOfPersistence({ window }: Draft, { persistence }: ConditionDraft): string | null {
  if (!persistence) return null
  const most = Math.min(MAX_PERSISTENCE, numberOf(window))
  if (numberOf(window) > MAX_PERSISTENCE) return `Minutes can be counted in a window of at most ${MAX_PERSISTENCE}`
  if (Number.isFinite(most) && !whole(persistence.minutes, 1, most)) return `Of 1 to ${most} minutes, the window`
  if (!whole(persistence.violations, 1, numberOf(persistence.minutes))) return `In 1 to ${persistence.minutes} minutes`
  return null
}
