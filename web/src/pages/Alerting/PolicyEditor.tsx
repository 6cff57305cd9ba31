import { Checkbox, MultiSelect, NumberInput, Switch, TextInput } from '@mantine/core'
import { useState } from 'react'
import { useParams } from 'react-router'
import { paths } from '../../app/paths'
import { Loaded } from '../../components/states/Loaded'
import page from '../page.module.css'
import styles from './Alerting.module.css'
import { ApplicationSelect } from './AlertingFrame'
import { CustomEvents } from './CustomEvents'
import { EditorForm } from './EditorForm'
import { EntitySelector } from './EntitySelector'
import { PolicyPreviewCard } from './PolicyPreviewCard'
import { useActions, useOptions, usePolicy, useSavePolicy, type PolicyKind } from './queries'
import { RuleNames } from './RuleNames'
import type { NewPolicy, NoticeOptions, Policy } from './types'
import { eventWord } from './words'

const fresh = (kind: PolicyKind): NewPolicy => ({
  name: '',
  application: null,
  enabled: true,
  event_types: ['POLICY_OPEN_CRITICAL'],
  rules: [],
  custom_events: [],
  entities: [],
  actions: [],
  gather_seconds: 60,
  every_hours: kind === 'digests' ? 24 : null,
})

const draftOf = (policy: Policy): NewPolicy => ({
  name: policy.name,
  application: policy.application?.id ?? null,
  enabled: policy.enabled,
  event_types: policy.event_types,
  rules: policy.rules,
  custom_events: policy.custom_events,
  entities: policy.entities,
  actions: policy.actions.map((action) => action.id),
  gather_seconds: policy.gather_seconds,
  every_hours: policy.every_hours,
})

/** Makes or changes a policy or a digest, with what it would have taken and said beside it. */
export function PolicyEditor({ kind }: { kind: PolicyKind }) {
  const text = useParams().id ?? 'new'
  const id = text === 'new' ? null : Number(text)
  const stored = usePolicy(kind, id)
  const options = useOptions()
  return (
    <div className={page.page}>
      <Loaded query={options} what="what policies can be made of">
        {(known) =>
          id === null ? (
            <Editor kind={kind} id={null} start={fresh(kind)} options={known} />
          ) : (
            <Loaded query={stored} what="the policy">
              {(policy) => <Editor key={policy.id} kind={kind} id={id} start={draftOf(policy)} options={known} />}
            </Loaded>
          )
        }
      </Loaded>
    </div>
  )
}

function Editor({ kind, id, start, options }: { kind: PolicyKind; id: number | null; start: NewPolicy; options: NoticeOptions }) {
  const [draft, setDraft] = useState(start)
  const [tried, setTried] = useState(false)
  const save = useSavePolicy(kind)
  const set = (part: Partial<NewPolicy>) => setDraft((before) => ({ ...before, ...part }))
  const digest = kind === 'digests'
  const nameProblem = draft.name.trim() === '' ? 'Give it a name' : undefined
  const nothing = draft.event_types.length === 0 && draft.custom_events.length === 0 ? 'It takes nothing: pick at least one type of event' : undefined
  const submit = (done: () => void) => {
    setTried(true)
    if (!nameProblem && !nothing) save.mutate({ id, draft }, { onSuccess: done })
  }
  return (
    <div className={styles.editor}>
      <EditorForm title={`${id === null ? 'New' : 'Change the'} ${digest ? 'digest' : 'policy'}`} leave={paths.alerting('policies')} saving={save.isPending} problem={save.error?.message} onSubmit={submit}>
        <div className={styles.row}>
          <TextInput label="Name" withAsterisk value={draft.name} maxLength={255} error={tried && nameProblem} onChange={(e) => set({ name: e.currentTarget.value })} />
          <ApplicationSelect label="Application" all="All applications" value={draft.application ?? null} onChange={(application) => set({ application, entities: [] })} />
        </div>
        <EventTypes options={options} chosen={draft.event_types} onChange={(event_types) => set({ event_types })} />
        {tried && nothing && (
          <p className={styles.problem} role="alert">
            {nothing}
          </p>
        )}
        <RuleNames application={draft.application ?? null} none="all rules" value={draft.rules} onChange={(rules) => set({ rules })} />
        <CustomEvents value={draft.custom_events} onChange={(custom_events) => set({ custom_events })} />
        <EntitySelector application={draft.application ?? null} value={draft.entities} onChange={(entities) => set({ entities })} />
        <ActionPicker digest={digest} application={draft.application ?? null} value={draft.actions} onChange={(actions) => set({ actions })} />
        <div className={styles.row}>
          {digest ? (
            <NumberInput label="Hours between two digests" min={1} max={168} clampBehavior="strict" value={draft.every_hours ?? 24} onChange={(value) => set({ every_hours: Number(value) || 1 })} />
          ) : (
            <NumberInput label="Gather for (seconds)" description="What has one cause joins one notice" min={0} max={3600} clampBehavior="strict" value={draft.gather_seconds} onChange={(value) => set({ gather_seconds: Number(value) || 0 })} />
          )}
          <Switch label="Switched on" checked={draft.enabled} onChange={(e) => set({ enabled: e.currentTarget.checked })} />
        </div>
      </EditorForm>
      <PolicyPreviewCard draft={draft} />
    </div>
  )
}

function EventTypes({ options, chosen, onChange }: { options: NoticeOptions; chosen: string[]; onChange(types: string[]): void }) {
  const known = new Set(options.event_types.flatMap((group) => group.types))
  const others = chosen.filter((type) => !known.has(type))
  const toggle = (type: string, on: boolean) => onChange(on ? [...chosen, type] : chosen.filter((one) => one !== type))
  return (
    <fieldset>
      <legend>Which events</legend>
      <div className={styles.types}>
        {[...options.event_types, ...(others.length ? [{ name: 'Others', types: others }] : [])].map((group) => (
          <div key={group.name} role="group" aria-label={group.name}>
            <h3>{group.name}</h3>
            <div className={styles.stack}>
              {group.types.map((type) => (
                <Checkbox key={type} label={eventWord(type)} title={type} checked={chosen.includes(type)} onChange={(e) => toggle(type, e.currentTarget.checked)} />
              ))}
            </div>
          </div>
        ))}
      </div>
      <p className={styles.hint}>Who was told that something began is always told that it ended, whatever is picked here.</p>
    </fieldset>
  )
}

function ActionPicker({ digest, application, value, onChange }: { digest: boolean; application: number | null; value: number[]; onChange(ids: number[]): void }) {
  const actions = useActions(application)
  const fit = (actions.data?.items ?? []).filter((action) => !digest || action.doing.kind === 'email')
  return (
    <MultiSelect
      size="xs"
      label="Told by"
      description={digest ? 'Emails' : 'Actions, each for every notice'}
      placeholder={value.length ? undefined : 'Pick actions'}
      data={fit.map((action) => ({ value: String(action.id), label: action.name }))}
      value={value.map(String)}
      onChange={(ids) => onChange(ids.map(Number))}
      nothingFoundMessage="No action: make one on the page Actions"
      searchable
    />
  )
}
