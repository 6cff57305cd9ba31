import { ActionIcon, Button, Checkbox, CloseButton, NativeSelect, TextInput } from '@mantine/core'
import { IconCopy } from '@tabler/icons-react'
import { useBaselines } from '../../components/baseline/queries'
import { useFields } from './Fields'
import styles from './HealthRules.module.css'
import { MetricField } from './MetricField'
import { freeName, MAX_VARIABLES, type ConditionDraft, type Draft, type LevelKey, type MetricDraft } from './model/draft'
import { unitOf } from './model/metrics'
import { keyOf } from './model/problems'
import { conditionWord, NO_DATA_WORDS, OPERATOR_WORDS, SIDE_WORDS } from './model/words'
import type { BandSide, BaselineUnit, NoData, Operator } from './types'

const options = <Key extends string>(words: Record<Key, string>) => (Object.keys(words) as Key[]).map((value) => ({ value, label: words[value] }))
const COMPARES = [
  { value: 'VALUE', label: 'a value' },
  { value: 'BASELINE', label: 'its baseline' },
]
const UNITS = [
  { value: 'STANDARD_DEVIATIONS', label: 'deviations σ' },
  { value: 'PERCENT', label: 'percent' },
]

interface Props {
  level: LevelKey
  draft: Draft
  condition: ConditionDraft
  onChange(next: ConditionDraft): void
  onCopy?(): void
  onRemove?(): void
}

/** One comparison: of what, with what, and what else there is to say of it. */
export function ConditionFields({ level, draft, condition, onChange, onCopy, onRemove }: Props) {
  const set = (part: Partial<ConditionDraft>) => onChange({ ...condition, ...part })
  return (
    <div className={styles.condition} role="group" aria-label={`Condition ${condition.short}, ${level}`}>
      <div className={styles.conditionHead}>
        <span className={styles.letter} aria-hidden>
          {condition.short}
        </span>
        <p>{conditionWord(condition)}</p>
        {onCopy && (
          <ActionIcon variant="subtle" color="gray" size="sm" aria-label={`Copy condition ${condition.short}`} title="Copy it" onClick={onCopy}>
            <IconCopy size={14} />
          </ActionIcon>
        )}
        {onRemove && <CloseButton size="sm" aria-label={`Remove condition ${condition.short}`} title="Remove it" onClick={onRemove} />}
      </div>
      <MetricFields level={level} draft={draft} condition={condition} onChange={set} />
      <CompareFields level={level} condition={condition} onChange={set} />
      <More level={level} condition={condition} onChange={set} />
    </div>
  )
}

interface PartProps {
  level: LevelKey
  condition: ConditionDraft
  onChange(part: Partial<ConditionDraft>): void
}

/** One metric, or several with the expression that puts them together. */
function MetricFields({ level, draft, condition, onChange }: PartProps & { draft: Draft }) {
  const { problem, touch } = useFields()
  const { expression, metrics } = condition
  const change = (at: number, part: Partial<MetricDraft>) => onChange({ metrics: metrics.map((one, here) => (here === at ? { ...one, ...part } : one)) })
  const key = (field: string) => keyOf(level, condition, field)
  if (expression === null) {
    const [first] = metrics
    if (!first) return null
    return (
      <>
        <MetricField kind={draft.kind} metric={first} pathKey={key('path.0')} onChange={(part) => change(0, part)} />
        <div>
          <Button variant="subtle" size="compact-xs" onClick={() => onChange({ expression: first.name, compare: 'VALUE' })}>
            Several metrics in an expression
          </Button>
        </div>
      </>
    )
  }
  return (
    <>
      <TextInput label="Expression" placeholder="errors / calls * 100" value={expression} error={problem(key('expression'))} onChange={(e) => (touch(key('expression')), onChange({ expression: e.currentTarget.value }))} />
      {metrics.map((metric, at) => (
        <MetricField
          // oxlint-disable-next-line react/no-array-index-key -- a metric has no other identity than its place
          key={at}
          kind={draft.kind}
          metric={metric}
          pathKey={key(`path.${at}`)}
          nameKey={key(`variable.${at}`)}
          onChange={(part) => change(at, part)}
          onRemove={metrics.length > 1 ? () => onChange({ metrics: metrics.filter((_, here) => here !== at) }) : undefined}
        />
      ))}
      <div className={styles.filters}>
        {metrics.length < MAX_VARIABLES && (
          <Button variant="subtle" size="compact-xs" onClick={() => onChange({ metrics: [...metrics, { name: freeName(metrics), fn: 'VALUE', path: '' }] })}>
            Another metric
          </Button>
        )}
        <Button variant="subtle" size="compact-xs" onClick={() => onChange({ expression: null, metrics: metrics.slice(0, 1) })}>
          Only the first metric
        </Button>
      </div>
    </>
  )
}

function CompareFields({ level, condition, onChange }: PartProps) {
  const { application, problem, touches } = useFields()
  const baselines = useBaselines(application).data?.items ?? []
  const key = (field: string) => keyOf(level, condition, field)
  const [metric] = condition.metrics
  const unit = condition.expression === null && metric ? unitOf(metric.fn, metric.path) : ''
  const names = [...new Set([...baselines.map((one) => one.name), ...(condition.baseline ? [condition.baseline] : [])])]
  return (
    <div className={styles.row}>
      <NativeSelect label="Compared with" data={COMPARES} value={condition.compare} error={problem(key('compare'), key('path.0'))} onChange={(e) => onChange({ compare: e.currentTarget.value as ConditionDraft['compare'] })} />
      {condition.compare === 'VALUE' ? (
        <>
          <NativeSelect label="Holds when it is" data={options(OPERATOR_WORDS)} value={condition.operator} onChange={(e) => onChange({ operator: e.currentTarget.value as Operator })} />
          <TextInput label={unit ? `Value (${unit})` : 'Value'} inputMode="decimal" value={condition.value} error={problem(key('value'))} onChange={(e) => onChange({ value: e.currentTarget.value })} {...touches(key('value'))} />
        </>
      ) : (
        <>
          <NativeSelect label="Holds when it is" data={options(SIDE_WORDS)} value={condition.side} onChange={(e) => onChange({ side: e.currentTarget.value as BandSide })} />
          <TextInput label="By" inputMode="decimal" value={condition.width} error={problem(key('width'))} onChange={(e) => onChange({ width: e.currentTarget.value })} {...touches(key('width'))} />
          <NativeSelect label="In" data={UNITS} value={condition.unit} onChange={(e) => onChange({ unit: e.currentTarget.value as BaselineUnit })} />
          <NativeSelect label="Baseline" data={[{ value: '', label: 'the default one' }, ...names.map((name) => ({ value: name, label: name }))]} value={condition.baseline ?? ''} onChange={(e) => onChange({ baseline: e.currentTarget.value || null })} />
        </>
      )}
    </div>
  )
}

/** What most conditions leave as it is; open where one does not. */
function More({ level, condition, onChange }: PartProps) {
  const { problem, touch } = useFields()
  const key = (field: string) => keyOf(level, condition, field)
  const { persistence } = condition
  const setPersistence = (part: Partial<NonNullable<ConditionDraft['persistence']>>) => (touch(key('persistence')), onChange({ persistence: { violations: '3', minutes: '5', ...persistence, ...part } }))
  const said = problem(key('persistence'), 'window')
  return (
    <details className={styles.more} open={persistence !== null || condition.noData !== 'UNKNOWN' || condition.name.trim() !== '' || undefined}>
      <summary>Persistence, no data, name</summary>
      <div className={styles.stack}>
        <Checkbox label="Only when it holds in several single minutes" checked={persistence !== null} onChange={(e) => onChange({ persistence: e.currentTarget.checked ? { violations: '3', minutes: '5' } : null })} />
        {persistence && (
          <div className={styles.row}>
            <TextInput label="In so many minutes" inputMode="numeric" value={persistence.violations} error={Boolean(said)} onChange={(e) => setPersistence({ violations: e.currentTarget.value })} />
            <TextInput label="of the last (minutes)" inputMode="numeric" value={persistence.minutes} error={Boolean(said)} onChange={(e) => setPersistence({ minutes: e.currentTarget.value })} />
          </div>
        )}
        {said && (
          <p className={styles.problem} role="alert">
            {said}
          </p>
        )}
        <div className={styles.row}>
          <NativeSelect label="Where nothing was reported" data={options(NO_DATA_WORDS)} value={condition.noData} onChange={(e) => onChange({ noData: e.currentTarget.value as NoData })} />
          <TextInput label="Called" placeholder="by its metric" value={condition.name} maxLength={255} error={problem(key('name'))} onChange={(e) => onChange({ name: e.currentTarget.value })} />
        </div>
      </div>
    </details>
  )
}
