import { Button, NativeSelect, Switch, TextInput } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import { ConditionFields } from './ConditionFields'
import { useFields } from './Fields'
import styles from './HealthRules.module.css'
import { copyOfCondition, copyOfCriteria, freeLetter, isOfTiers, MAX_CONDITIONS, newCondition, newCriteria, type ConditionDraft, type CriteriaDraft, type Draft, type LevelKey } from './model/draft'

const TITLES: Record<LevelKey, string> = { critical: 'Critical', warning: 'Warning' }
const COMBINES = [
  { value: 'ALL', label: 'all conditions hold' },
  { value: 'ANY', label: 'any condition holds' },
  { value: 'CUSTOM', label: 'an expression holds' },
]
const NODES = [
  { value: 'AVERAGE', label: 'taken as one' },
  { value: 'ANY_NODE', label: 'on any of its nodes' },
  { value: 'PERCENTAGE_NODES', label: 'on a share of its nodes' },
  { value: 'NUMBER_OF_NODES', label: 'on so many of its nodes' },
]

interface Props {
  level: LevelKey
  draft: Draft
  onChange(part: Partial<Draft>): void
}

/** One of the two levels: switched off, or its conditions and how they come together. */
export function CriteriaFields({ level, draft, onChange }: Props) {
  const criteria = draft[level]
  const other = draft[level === 'critical' ? 'warning' : 'critical']
  const set = (next: CriteriaDraft | null) => onChange({ [level]: next })
  return (
    <section className={styles.level} data-level={level} data-on={criteria ? true : undefined} aria-label={`${TITLES[level]} criteria`}>
      <header className={styles.levelHead}>
        <Switch aria-label={`${TITLES[level]} is a level of this rule`} checked={criteria !== null} onChange={(e) => set(e.currentTarget.checked ? (other ? copyOfCriteria(other) : newCriteria()) : null)} />
        <h3>{TITLES[level]}</h3>
        <span className={styles.hint}>{level === 'critical' ? 'looked at first' : 'looked at where the critical criteria do not hold'}</span>
        {criteria && other && (
          <Button variant="subtle" size="compact-xs" onClick={() => set(copyOfCriteria(other))}>
            As in {level === 'critical' ? 'warning' : 'critical'}
          </Button>
        )}
      </header>
      {criteria && <Body level={level} draft={draft} criteria={criteria} onChange={set} />}
    </section>
  )
}

function Body({ level, draft, criteria, onChange }: { level: LevelKey; draft: Draft; criteria: CriteriaDraft; onChange(next: CriteriaDraft): void }) {
  const { problem, touches, touch } = useFields()
  const { conditions } = criteria
  const set = (part: Partial<CriteriaDraft>) => onChange({ ...criteria, ...part })
  const change = (at: number, next: ConditionDraft) => set({ conditions: conditions.map((one, here) => (here === at ? next : one)) })
  const nodesValue = criteria.nodes === 'PERCENTAGE_NODES' || criteria.nodes === 'NUMBER_OF_NODES'
  return (
    <div className={styles.levelBody}>
      {(conditions.length > 1 || criteria.combine === 'CUSTOM' || isOfTiers(draft.kind)) && (
        <div className={styles.row}>
          <NativeSelect label="Holds when" data={COMBINES} value={criteria.combine} onChange={(e) => set({ combine: e.currentTarget.value as CriteriaDraft['combine'], expression: criteria.expression || conditions.map((one) => one.short).join(' AND ') })} />
          {criteria.combine === 'CUSTOM' && (
            <TextInput data-wide label="Expression" placeholder="(A AND B) OR C" value={criteria.expression} error={problem(`${level}.combine`)} onChange={(e) => (touch(`${level}.combine`), set({ expression: e.currentTarget.value }))} />
          )}
          {isOfTiers(draft.kind) && <NativeSelect label="The tier is judged" data={NODES} value={criteria.nodes} onChange={(e) => set({ nodes: e.currentTarget.value as CriteriaDraft['nodes'] })} />}
          {isOfTiers(draft.kind) && nodesValue && <TextInput label={criteria.nodes === 'PERCENTAGE_NODES' ? 'Percent of nodes' : 'Nodes'} inputMode="decimal" value={criteria.nodesValue} error={problem(`${level}.nodes`)} onChange={(e) => set({ nodesValue: e.currentTarget.value })} {...touches(`${level}.nodes`)} />}
        </div>
      )}
      {conditions.map((condition, at) => (
        <ConditionFields
          key={condition.id}
          level={level}
          draft={draft}
          condition={condition}
          onChange={(next) => change(at, next)}
          onCopy={conditions.length < MAX_CONDITIONS ? () => set({ conditions: [...conditions, copyOfCondition(condition, freeLetter(conditions))] }) : undefined}
          onRemove={conditions.length > 1 ? () => set({ conditions: conditions.filter((one) => one.id !== condition.id) }) : undefined}
        />
      ))}
      {conditions.length < MAX_CONDITIONS && (
        <div>
          <Button variant="default" size="compact-xs" leftSection={<IconPlus size={13} />} onClick={() => set({ conditions: [...conditions, newCondition(freeLetter(conditions))] })}>
            Add a condition
          </Button>
        </div>
      )}
    </div>
  )
}
