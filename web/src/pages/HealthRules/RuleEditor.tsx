import { Button, Select, Switch, TextInput } from '@mantine/core'
import { useMemo, useState, type FormEvent } from 'react'
import { useNavigate, useParams, useSearchParams } from 'react-router'
import { useMay } from '../../access/may'
import { paths } from '../../app/paths'
import { useId } from '../../app/useId'
import { useTitle } from '../../app/useTitle'
import { useHref } from '../../app/urlState'
import { Card } from '../../components/card/Card'
import { suggestionOf } from '../../components/health/suggestion'
import { RangeLink } from '../../components/link/RangeLink'
import { Loaded } from '../../components/states/Loaded'
import page from '../page.module.css'
import { AffectsFields } from './AffectsFields'
import { BackTestCard } from './BackTestCard'
import { CriteriaFields } from './CriteriaFields'
import { FieldsContext, useFields } from './Fields'
import styles from './HealthRules.module.css'
import { MatchesCard } from './MatchesCard'
import { ALWAYS, draftOf, fresh, LEVELS, ruleOf, type Draft } from './model/draft'
import { draftOfSuggestion } from './model/prefill'
import { problemsOf } from './model/problems'
import { sentenceOf, timesWord } from './model/words'
import { useRules, useSaveRule, useSchedules } from './queries'
import { NotAllowed } from './RulesPage'
import type { HealthRule } from './types'

/** Makes or changes a rule, with whom it affects, what it says and what it would have found beside it. */
export function RuleEditor() {
  const application = useId('applicationId')
  const text = useParams().ruleId ?? 'new'
  const [params] = useSearchParams()
  const rules = useRules(application)
  const id = text === 'new' ? null : Number(text)
  const copied = params.get('copy')
  return (
    <div className={page.page}>
      <Loaded query={rules} what="the health rules">
        {({ items }) => {
          const stored = items.find((one) => one.id === (id ?? Number(copied)))
          if (id !== null && !stored) return <Gone application={application} />
          return <Editor key={`${text} ${copied ?? ''}`} application={application} stored={id === null ? null : (stored ?? null)} start={startOf(id, stored, params, items)} taken={items.filter((one) => one.id !== id).map((one) => one.rule.name)} />
        }}
      </Loaded>
    </div>
  )
}

function Gone({ application }: { application: number }) {
  return (
    <Card title="Health rule">
      <p className={styles.sentence}>
        There is no such rule any more. <RangeLink to={paths.healthRules(application)}>All rules of the application</RangeLink>
      </p>
    </Card>
  )
}

function startOf(id: number | null, stored: HealthRule | undefined, params: URLSearchParams, all: readonly HealthRule[]): Draft {
  if (!stored) {
    const suggested = suggestionOf(params)
    return (suggested && draftOfSuggestion(suggested)) ?? fresh()
  }
  const draft = draftOf(stored.rule)
  if (id !== null) return draft
  const names = new Set(all.map((one) => one.rule.name))
  const copies = [`${draft.name} (copy)`, ...Array.from({ length: 99 }, (_, at) => `${draft.name} (copy ${at + 2})`)]
  return { ...draft, name: copies.find((name) => !names.has(name)) ?? draft.name }
}

interface Props {
  application: number
  /** Null: it is new. */
  stored: HealthRule | null
  start: Draft
  /** Names of the other rules. */
  taken: readonly string[]
}

function Editor({ application, stored, start, taken }: Props) {
  const [draft, setDraft] = useState(start)
  const [touched, setTouched] = useState<ReadonlySet<string>>(new Set())
  const [tried, setTried] = useState(false)
  const save = useSaveRule(application)
  const navigate = useNavigate()
  const href = useHref()
  const readOnly = !useMay()('configure', application)
  const problems = useMemo(() => problemsOf(draft, taken), [draft, taken])
  const isSound = Object.keys(problems).length === 0
  useTitle([stored?.rule.name ?? 'New health rule'])
  const fields = useMemo(() => ({ problems, touched, tried, application, readOnly, touch: (key: string) => setTouched((before) => (before.has(key) ? before : new Set([...before, key]))) }), [problems, touched, tried, application, readOnly])
  const set = (part: Partial<Draft>) => setDraft((before) => ({ ...before, ...part }))
  const back = () => void navigate(href(paths.healthRules(application)))
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setTried(true)
    if (isSound) save.mutate({ id: stored?.id ?? null, rule: ruleOf(draft) }, { onSuccess: back })
  }
  return (
    <FieldsContext value={fields}>
      <div className={styles.editor}>
        <Card title={stored ? stored.rule.name : 'New health rule'} level={1} note={stored && `version ${stored.version}`}>
          {readOnly && <NotAllowed what="change rules" />}
          <form onSubmit={submit} noValidate aria-label="Health rule">
            <fieldset disabled={readOnly} className={styles.fields}>
              <NameFields draft={draft} onChange={set} />
              <AffectsFields draft={draft} onChange={set} />
              <TimeFields draft={draft} onChange={set} />
              {LEVELS.map((level) => (
                <CriteriaFields key={level} level={level} draft={draft} onChange={set} />
              ))}
              {problems.levels && (
                <p className={styles.problem} role="alert">
                  {problems.levels}
                </p>
              )}
            </fieldset>
            {!readOnly && (
              <div className={styles.foot}>
                <Button type="submit" loading={save.isPending}>
                  Save
                </Button>
                <Button variant="default" onClick={back}>
                  Cancel
                </Button>
                {tried && !isSound && (
                  <p className={styles.problem} role="alert">
                    Not yet: what is wrong stands at its field.
                  </p>
                )}
                {save.error && (
                  <p className={styles.problem} role="alert">
                    {save.error.message}
                  </p>
                )}
                {stored && isSound && !save.error && <p className={styles.hint}>What it has open is canceled when it is saved, and judged anew from the next minute on.</p>}
              </div>
            )}
          </form>
        </Card>
        <div className={styles.side}>
          <Card title="In words">
            <p className={styles.sentence}>{sentenceOf(draft)}</p>
          </Card>
          <MatchesCard draft={draft} sound={problems.scope === undefined} />
          <BackTestCard draft={draft} sound={isSound} onAsk={() => setTried(true)} />
        </div>
      </div>
    </FieldsContext>
  )
}

interface PartProps {
  draft: Draft
  onChange(part: Partial<Draft>): void
}

function NameFields({ draft, onChange }: PartProps) {
  const { problem, touches } = useFields()
  return (
    <div className={styles.row}>
      <TextInput data-wide label="Name" withAsterisk value={draft.name} maxLength={255} error={problem('name')} onChange={(e) => onChange({ name: e.currentTarget.value })} {...touches('name')} />
      <Switch data-narrow className={styles.bottom} mb={7} label="Switched on" checked={draft.enabled} onChange={(e) => onChange({ enabled: e.currentTarget.checked })} />
    </div>
  )
}

function TimeFields({ draft, onChange }: PartProps) {
  const { application, problem, touches, touch } = useFields()
  const schedules = useSchedules(application)
  const known = schedules.data?.items.map((one) => one.schedule) ?? []
  const names = [ALWAYS, ...known.map((one) => one.name)]
  const chosen = known.find((one) => one.name === draft.schedule)
  return (
    <div className={styles.row}>
      <TextInput label="Looks at the last (minutes)" description="The evaluation window" inputMode="numeric" value={draft.window} error={problem('window')} onChange={(e) => (touch('window'), onChange({ window: e.currentTarget.value }))} {...touches('window')} />
      <TextInput label="Says it again after (minutes)" description="While a violation goes on" inputMode="numeric" value={draft.wait} error={problem('wait')} onChange={(e) => (touch('wait'), onChange({ wait: e.currentTarget.value }))} {...touches('wait')} />
      <Select
        label="During"
        description={chosen ? timesWord(chosen) : 'At any time'}
        data={names.includes(draft.schedule) ? names : [...names, draft.schedule]}
        value={draft.schedule}
        allowDeselect={false}
        onChange={(schedule) => onChange({ schedule: schedule ?? ALWAYS })}
      />
    </div>
  )
}
