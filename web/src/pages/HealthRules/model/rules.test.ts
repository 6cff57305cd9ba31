import { describe, expect, it, test } from 'vitest'
import { suggestionOf, paramsOf, thresholdOf } from '../../../components/health/suggestion'
import type { Rule } from '../types'
import { affectsOf, draftOf, fresh, freeLetter, newCondition, numberOf, ruleOf, type Draft } from './draft'
import { problemOfFormula, problemOfLogic } from './expression'
import { aboutOfPath, problemOfPath, saidFor } from './metrics'
import { draftOfSuggestion } from './prefill'
import { keyOf, problemsOf } from './problems'
import { sentenceOf, timesWord } from './words'

const stored: Rule = {
  name: 'Business Transaction Health',
  enabled: true,
  window_minutes: 30,
  wait_minutes: 15,
  schedule: 'Weekdays',
  affects: { kind: 'TIERS', scope: { type: 'MATCHING', how: 'STARTS_WITH', value: 'c', should_not: true }, runtime: 'ANY', custom_entity: null },
  critical: {
    conditions: [
      { short_name: 'A', name: 'Average Response Time (ms)', input: { type: 'METRIC', function: 'VALUE', path: 'Average Response Time (ms)' }, compare: { type: 'BASELINE', deviation: 'ABOVE', baseline: null, unit: 'STANDARD_DEVIATIONS', value: 3 }, no_data: 'UNKNOWN', persistence: { violations: 3, of_minutes: 10 } },
      {
        short_name: 'B',
        name: 'Share of errors',
        input: { type: 'EXPRESSION', expression: '{errors} / {calls} * 100', variables: [{ name: 'errors', function: 'SUM', path: 'Errors per Minute' }, { name: 'calls', function: 'SUM', path: 'Calls per Minute' }] },
        compare: { type: 'VALUE', operator: 'GREATER', value: 2.5 },
        no_data: 'FALSE',
        persistence: null,
      },
    ],
    combine: { type: 'CUSTOM', expression: 'A AND NOT B' },
    nodes: { type: 'PERCENTAGE_NODES', value: 50 },
  },
  warning: null,
}

test('a rule that is opened and saved is the same rule', () => {
  expect(ruleOf(draftOf(stored))).toEqual(stored)
})

test('what another choice left behind is not sent', () => {
  const draft: Draft = { ...draftOf(stored), kind: 'OVERALL_APPLICATION', runtime: 'JAVA', customEntity: 'TIER' }
  expect(affectsOf(draft)).toEqual({ kind: 'OVERALL_APPLICATION', scope: { type: 'ALL' }, runtime: 'ANY', custom_entity: null })
  expect(ruleOf(draft).critical?.nodes).toEqual({ type: 'AVERAGE' })
})

test('numbers are read as they are typed', () => {
  expect([' 2.5 ', '2,5', '-3', '1e3', '.5'].map(numberOf)).toEqual([2.5, 2.5, -3, 1000, 0.5])
  expect(['', 'ten', '1.2.3', '5 ms', '0x10'].map(numberOf)).toEqual([NaN, NaN, NaN, NaN, NaN])
})

test('a new condition takes the first letter that is free', () => {
  expect(freeLetter([newCondition('A'), newCondition('C')])).toBe('B')
})

describe('what is wrong is said at its field', () => {
  const sound = (): Draft => {
    const draft = draftOf(stored)
    return { ...draft, scope: { ...draft.scope, not: false } }
  }
  const change = (part: Partial<Draft>) => problemsOf({ ...sound(), ...part }, ['Taken'])

  it('of a sound rule is nothing', () => {
    expect(problemsOf(sound(), [])).toEqual({})
  })
  it('of names, windows and scopes', () => {
    expect(change({ name: '  ' })).toEqual({ name: 'Give it a name' })
    expect(change({ name: 'Taken' }).name).toContain('of this name')
    expect(change({ window: '361' }).window).toContain('360')
    expect(change({ wait: '1.5' }).wait).toContain('1440')
    expect(change({ scope: { ...sound().scope, how: 'REGEX', value: '(' } }).scope).toContain('regular expression')
    expect(change({ scope: { ...sound().scope, type: 'SPECIFIC', names: [] } }).scope).toBe('Name at least one')
    expect(change({ critical: null }).levels).toContain('Switch on')
  })
  it('of conditions, by level and condition', () => {
    const draft = sound()
    const [first, second] = draft.critical?.conditions ?? []
    const { critical } = draft
    if (!critical || !first || !second) throw new Error('no conditions')
    const having = (part: object) => problemsOf({ ...draft, critical: { ...critical, conditions: [{ ...first, ...part }, second] } }, [])
    expect(having({ width: '-1' })).toEqual({ [keyOf('critical', first, 'width')]: 'A number from 0' })
    expect(having({ compare: 'VALUE', value: '' })).toHaveProperty([keyOf('critical', first, 'value')])
    expect(having({ persistence: { violations: '11', minutes: '10' } })).toHaveProperty([keyOf('critical', first, 'persistence')])
    expect(having({ metrics: [{ ...first.metrics[0], fn: 'COUNT' }] })).toHaveProperty([keyOf('critical', first, 'compare')])
    expect(having({ metrics: [{ name: 'a', fn: 'VALUE', path: '' }] })).toEqual({ [keyOf('critical', first, 'path.0')]: 'Pick a metric' })
    expect(having({ short: 'B' })).toHaveProperty([keyOf('critical', second, 'short')])
    // The window is the most that can be counted in.
    expect(problemsOf({ ...draft, window: '5' }, [])).toEqual({ [keyOf('critical', first, 'persistence')]: 'Of 1 to 5 minutes, the window' })
  })
  it('of a new rule is what is still to be filled in', () => {
    expect(Object.values(problemsOf(fresh(), []))).toEqual(['Give it a name', 'Pick a metric', 'Write a number'])
  })
})

test('expressions are read as the server reads them', () => {
  const names = ['A', 'B', 'C']
  for (const sound of ['A', 'A AND B OR C', 'NOT (A AND B)', '((A))', 'NOT NOT A']) expect(problemOfLogic(sound, names), sound).toBe(null)
  expect(problemOfLogic('', names)).toBe('Write an expression')
  expect(problemOfLogic('A AND', names)).toBe('It ends too early')
  expect(problemOfLogic('A B', names)).toBe('“B” is not expected there')
  expect(problemOfLogic('A AND D', names)).toBe('There is no D: there are A, B, C')
  expect(problemOfLogic('A & B', names)).toContain('not expected')
  expect(problemOfLogic(`${'('.repeat(25)}A${')'.repeat(25)}`, names)).toContain('deeper than 20')
  for (const sound of ['{errors} / {calls} * 100', 'errors/calls', '-(errors + 2.5) * .5']) expect(problemOfFormula(sound, ['errors', 'calls']), sound).toBe(null)
  expect(problemOfFormula('errors / ', ['errors'])).toBe('It ends too early')
  expect(problemOfFormula('hits', ['errors'])).toBe('There is no hits: there is errors')
  expect(problemOfFormula('(errors', ['errors'])).toBe('It ends too early')
})

test('a path of the tree is said of whoever it is about', () => {
  expect(aboutOfPath('Business Transaction Performance|Business Transactions|web|GET /cart|Errors per Minute')).toEqual({ kind: 'BUSINESS_TRANSACTIONS', name: 'GET /cart', path: 'Errors per Minute' })
  expect(aboutOfPath('Overall Application Performance|Calls per Minute')).toEqual({ kind: 'OVERALL_APPLICATION', name: '', path: 'Calls per Minute' })
  expect(aboutOfPath('Application Infrastructure Performance|web|Individual Nodes|web-1|Hardware Resources|CPU|%Busy')).toEqual({ kind: 'NODE_HARDWARE', name: 'web-1', path: 'Hardware Resources|CPU|%Busy' })
  expect(aboutOfPath('Application Infrastructure Performance|web|JVM|Threads')).toEqual({ kind: 'TIER_HARDWARE', name: 'web', path: 'JVM|Threads' })
  const call = 'Overall Application Performance|web|External Calls|Call-HTTP to cart|Calls per Minute'
  expect(aboutOfPath(call)).toEqual({ kind: 'CUSTOM', name: '', path: call })
})

test('a metric that is picked fits what the rule affects', () => {
  expect(saidFor('NODE_HARDWARE', 'Application Infrastructure Performance|web|Hardware Resources|CPU|%Busy')).toBe('Hardware Resources|CPU|%Busy')
  expect(saidFor('BUSINESS_TRANSACTIONS', 'Business Transaction Performance|Business Transactions|web|GET /|Calls per Minute')).toBe('Calls per Minute')
  expect(saidFor('CUSTOM', 'Backends|db|Calls per Minute')).toBe('Backends|db|Calls per Minute')
  expect(problemOfPath('Calls per Hour', 'BUSINESS_TRANSACTIONS')).toContain('no such metric')
  expect(problemOfPath('Backends|db|Calls per Minute', 'BUSINESS_TRANSACTIONS')).toBe(null)
  expect(problemOfPath('JVM|Threads', 'CUSTOM')).toContain('whole path')
  expect(problemOfPath('JVM||Threads', 'NODE_HARDWARE')).toContain('empty')
})

test('a chart suggests a rule that can be saved as it is', () => {
  const value = thresholdOf([10, 20, null, 30, 40])
  expect(value).toBe(60)
  expect(thresholdOf([0, null])).toBe(null)
  const about = { kind: 'TIERS' as const, name: 'cart', path: 'Average Response Time (ms)', baseline: false, value }
  const params = new URLSearchParams(Object.entries(paramsOf(about)).filter((pair): pair is [string, string] => pair[1] !== null))
  expect(suggestionOf(params)).toEqual(about)
  const draft = draftOfSuggestion(about)
  if (!draft) throw new Error('no draft')
  expect(problemsOf(draft, [])).toEqual({})
  expect(draft.scope.names).toEqual(['cart'])
  expect([draft.critical?.conditions[0]?.value, draft.warning?.conditions[0]?.value]).toEqual(['60', '45'])
  const known = draftOfSuggestion({ ...about, baseline: true })
  expect(known?.critical?.conditions[0]).toMatchObject({ compare: 'BASELINE', width: '3' })
  expect(draftOfSuggestion({ ...about, kind: 'CARTS' as never })).toBe(null)
  expect(suggestionOf(new URLSearchParams('kind=TIERS'))).toBe(null)
})

test('a rule is a sentence', () => {
  expect(sentenceOf(draftOf(stored))).toBe(
    'Each tier whose name not starts with “c” is judged each minute by its last 30 minutes: critical when Average Response Time (ms) is more than 3 σ above its baseline in 3 of the last 10 minutes and not Share of errors is above 2.5, on at least 50 % of its nodes. While it goes on that is said again every 15 minutes. Only during “Weekdays”.',
  )
})

test('a schedule is said in words', () => {
  const at = { start_time: '00:00', end_time: '00:00' }
  expect(timesWord({ timezone: 'UTC', times: { type: 'WEEKLY', days: ['FRIDAY', 'MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY'], ...at } })).toBe('Monday to Friday, all day (UTC)')
  expect(timesWord({ timezone: 'Europe/Berlin', times: { type: 'MONTHLY_DAY', which: 'LAST', day: 'FRIDAY', start_time: '18:00', end_time: '22:00' } })).toBe('the last Friday of the month, 18:00 to 22:00 (Europe/Berlin)')
})
