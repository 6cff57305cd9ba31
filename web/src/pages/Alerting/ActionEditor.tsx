import { SegmentedControl, TextInput } from '@mantine/core'
import { useState } from 'react'
import { useParams } from 'react-router'
import { paths } from '../../app/paths'
import { Loaded } from '../../components/states/Loaded'
import page from '../page.module.css'
import { ActionPreviewCard } from './ActionPreviewCard'
import styles from './Alerting.module.css'
import { ApplicationSelect } from './AlertingFrame'
import { CommandFields, EmailFields, HttpFields } from './DoingFields'
import { EditorForm } from './EditorForm'
import { useAction, useOptions, useSaveAction } from './queries'
import { SecretFields } from './SecretFields'
import type { Action, ActionPreset, Doing, NewAction, NoticeOptions } from './types'

const fresh: NewAction = { name: '', application: null, doing: { kind: 'email', to: [], subject: '' }, secrets: {} }

const draftOf = (action: Action): NewAction => ({
  name: action.name,
  application: action.application?.id ?? null,
  doing: action.doing,
  // What is stored stays unless it is written anew.
  secrets: Object.fromEntries(action.secret_names.map((name) => [name, null])),
})

/** Makes or changes an action, with what it would send beside it. */
export function ActionEditor() {
  const text = useParams().id ?? 'new'
  const id = text === 'new' ? null : Number(text)
  const stored = useAction(id)
  const options = useOptions()
  return (
    <div className={page.page}>
      <Loaded query={options} what="what actions can be made of">
        {(known) =>
          id === null ? (
            <Editor id={null} start={fresh} options={known} />
          ) : (
            <Loaded query={stored} what="the action">
              {(action) => <Editor key={action.id} id={id} start={draftOf(action)} options={known} />}
            </Loaded>
          )
        }
      </Loaded>
    </div>
  )
}

/** What is secret of a ready request, still to be filled in. */
const secretsOf = (preset: ActionPreset | undefined) => Object.fromEntries((preset?.secrets ?? []).map(({ name }) => [name, '']))

function begin(kind: string, options: NoticeOptions): Pick<NewAction, 'doing' | 'secrets'> {
  if (kind === 'http') {
    const preset = options.presets[0]
    return { doing: preset?.doing ?? { kind: 'http', preset: '', method: 'POST', url: '', headers: [], body: '' }, secrets: secretsOf(preset) }
  }
  if (kind === 'command') return { doing: { kind: 'command', command: options.commands[0] ?? '', arguments: [] }, secrets: {} }
  return { doing: { kind: 'email', to: [], subject: '' }, secrets: {} }
}

function Editor({ id, start, options }: { id: number | null; start: NewAction; options: NoticeOptions }) {
  const [draft, setDraft] = useState(start)
  const [tried, setTried] = useState(false)
  const save = useSaveAction()
  const set = (part: Partial<NewAction>) => setDraft((before) => ({ ...before, ...part }))
  const setDoing = (doing: Doing) => set({ doing })
  const nameProblem = draft.name.trim() === '' ? 'Give it a name' : undefined
  const submit = (done: () => void) => {
    setTried(true)
    if (!nameProblem) save.mutate({ id, draft }, { onSuccess: done })
  }
  const { doing } = draft
  const preset = doing.kind === 'http' ? options.presets.find((one) => one.id === doing.preset) : undefined
  return (
    <div className={styles.editor}>
      <EditorForm title={id === null ? 'New action' : 'Change the action'} leave={paths.alerting('actions')} saving={save.isPending} problem={save.error?.message} onSubmit={submit}>
        <div className={styles.row}>
          <TextInput label="Name" withAsterisk value={draft.name} maxLength={255} error={tried && nameProblem} onChange={(e) => set({ name: e.currentTarget.value })} />
          <ApplicationSelect label="For policies of" all="All applications" value={draft.application ?? null} onChange={(application) => set({ application })} />
        </div>
        <SegmentedControl
          aria-label="Kind of action"
          value={doing.kind}
          data={[
            { value: 'email', label: 'Email' },
            { value: 'http', label: 'HTTP request' },
            { value: 'command', label: 'Local command' },
          ]}
          onChange={(kind) => set(begin(kind, options))}
        />
        {doing.kind === 'email' && <EmailFields doing={doing} onChange={setDoing} />}
        {doing.kind === 'http' && (
          <HttpFields doing={doing} presets={options.presets} onChange={setDoing} onPreset={(one) => set({ doing: one.doing, secrets: secretsOf(one) })} />
        )}
        {doing.kind === 'command' && <CommandFields doing={doing} commands={options.commands} onChange={setDoing} />}
        {doing.kind === 'unsupported' && <p className={styles.hint}>A script asked for “{doing.what}”. It is kept, and not done here; pick another kind to have something done.</p>}
        {doing.kind !== 'email' && <SecretFields value={draft.secrets} words={preset?.secrets ?? []} onChange={(secrets) => set({ secrets })} />}
      </EditorForm>
      <ActionPreviewCard draft={draft} />
    </div>
  )
}
