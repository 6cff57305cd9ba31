// The draft that comes of a chart's suggestion. Pure.
import { rounded, type Suggestion } from '../../../components/health/suggestion'
import { fresh, newCondition, newCriteria, type ConditionDraft, type CriteriaDraft, type Draft } from './draft'
import { KIND_WORDS } from './words'

/** Critical and warning as the chart's baseline has it, else a fixed threshold and three quarters of it. */
export function draftOfSuggestion({ kind, name, path, baseline, value }: Suggestion): Draft | null {
  if (!(kind in KIND_WORDS)) return null
  const start = fresh()
  const what = (path.split('|').at(-1) ?? path).replace(/ \(ms\)$/, '')
  const fixed = (share: number) => ({ compare: 'VALUE' as const, value: value === null ? '' : rounded(value * share) })
  const level = (width: string, share: number) => criteriaOf(path, baseline ? { compare: 'BASELINE', width } : fixed(share))
  return {
    ...start,
    kind,
    name: `${what}${name ? ` of ${name}` : ''} is too high`.slice(0, 255),
    scope: name && kind !== 'CUSTOM' && kind !== 'OVERALL_APPLICATION' ? { ...start.scope, type: 'SPECIFIC', names: [name] } : start.scope,
    critical: level('3', 1),
    warning: baseline || value !== null ? level('2', 0.75) : null,
  }
}

function criteriaOf(path: string, part: Partial<ConditionDraft>): CriteriaDraft {
  return { ...newCriteria(), conditions: [{ ...newCondition('A', path), ...part }] }
}
