import { Autocomplete, Checkbox, SegmentedControl, Switch, TextInput } from '@mantine/core'
import { useState } from 'react'
import { useParams } from 'react-router'
import { paths } from '../../app/paths'
import { Loaded } from '../../components/states/Loaded'
import { fromInput, toInput } from '../../layout/localInput'
import { serverNow } from '../../time/clock'
import { TIME_ZONES, timeZone } from '../../time/zone'
import page from '../page.module.css'
import styles from './Alerting.module.css'
import { ApplicationSelect } from './AlertingFrame'
import { EditorForm } from './EditorForm'
import { EntitySelector } from './EntitySelector'
import { useSaveSuppression, useSuppression } from './queries'
import { RuleNames } from './RuleNames'
import type { NewSuppression, Suppression, SuppressionWindow } from './types'
import { clock, minuteOfClock, monthDaysOf, monthDaysWord, windowWord } from './words'

const HOUR = 3_600_000

function fresh(): NewSuppression {
  const from = Math.ceil(serverNow() / HOUR) * HOUR
  return { name: '', application: null, enabled: true, window: { kind: 'one_time', from, to: from + 2 * HOUR }, rules: [], entities: [] }
}

const draftOf = ({ name, application, enabled, window, rules, entities }: Suppression): NewSuppression => ({ name, application: application?.id ?? null, enabled, window, rules, entities })

/** Makes or changes a suppression. */
export function SuppressionEditor() {
  const text = useParams().id ?? 'new'
  const id = text === 'new' ? null : Number(text)
  const stored = useSuppression(id)
  return (
    <div className={page.page}>
      {id === null ? (
        <Editor id={null} start={fresh()} />
      ) : (
        <Loaded query={stored} what="the suppression">
          {(suppression) => <Editor key={suppression.id} id={id} start={draftOf(suppression)} />}
        </Loaded>
      )}
    </div>
  )
}

/** What was deleted out of the field is no moment, and has no text. */
const textOf = (at: number) => (Number.isFinite(at) ? toInput(at) : '')

/** What is wrong with a window; nothing when it can be. */
function problemOf(window: SuppressionWindow): string | undefined {
  if (window.kind === 'one_time') return Number.isFinite(window.from) && window.to > window.from ? undefined : 'It has to end after it begins'
  if (window.month_days.some(Number.isNaN)) return 'Write days of the month such as 1, 15, 28-31'
  return TIME_ZONES.includes(window.zone) ? undefined : 'Pick a time zone, such as Europe/Berlin'
}

function Editor({ id, start }: { id: number | null; start: NewSuppression }) {
  const [draft, setDraft] = useState(start)
  const [tried, setTried] = useState(false)
  const save = useSaveSuppression()
  const set = (part: Partial<NewSuppression>) => setDraft((before) => ({ ...before, ...part }))
  const nameProblem = draft.name.trim() === '' ? 'Give it a name' : undefined
  const problem = problemOf(draft.window)
  const submit = (done: () => void) => {
    setTried(true)
    if (!nameProblem && !problem) save.mutate({ id, draft }, { onSuccess: done })
  }
  return (
    <EditorForm title={id === null ? 'New suppression' : 'Change the suppression'} leave={paths.alerting('suppressions')} saving={save.isPending} problem={save.error?.message} onSubmit={submit}>
      <div className={styles.row}>
        <TextInput label="Name" withAsterisk value={draft.name} maxLength={255} error={tried && nameProblem} onChange={(e) => set({ name: e.currentTarget.value })} />
        <ApplicationSelect label="Application" all="All applications" value={draft.application ?? null} onChange={(application) => set({ application, entities: [] })} />
        <Switch label="Switched on" checked={draft.enabled} onChange={(e) => set({ enabled: e.currentTarget.checked })} />
      </div>
      <WindowFields value={draft.window} onChange={(window) => set({ window })} />
      {problem && (
        <p className={styles.problem} role="alert">
          {problem}
        </p>
      )}
      <RuleNames application={draft.application ?? null} none="nothing at all is told" value={draft.rules} onChange={(rules) => set({ rules })} />
      <EntitySelector application={draft.application ?? null} value={draft.entities} onChange={(entities) => set({ entities })} />
    </EditorForm>
  )
}

const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']

function WindowFields({ value, onChange }: { value: SuppressionWindow; onChange(value: SuppressionWindow): void }) {
  const begin = (kind: string): SuppressionWindow =>
    kind === 'one_time' ? { ...(fresh().window as Extract<SuppressionWindow, { kind: 'one_time' }>) } : { kind: 'recurring', days: [], month_days: [], from_minute: 1320, until_minute: 360, zone: timeZone }
  return (
    <fieldset>
      <legend>When</legend>
      <div className={styles.stack}>
        <SegmentedControl
          aria-label="Kind of window"
          value={value.kind}
          data={[
            { value: 'one_time', label: 'Once' },
            { value: 'recurring', label: 'Again and again' },
          ]}
          onChange={(kind) => onChange(begin(kind))}
        />
        {value.kind === 'one_time' ? (
          <div className={styles.row}>
            <TextInput type="datetime-local" label="From" description={`Time of ${timeZone}`} value={textOf(value.from)} onChange={(e) => onChange({ ...value, from: fromInput(e.currentTarget.value) })} />
            <TextInput type="datetime-local" label="To" description={`Time of ${timeZone}`} value={textOf(value.to)} onChange={(e) => onChange({ ...value, to: fromInput(e.currentTarget.value) })} />
          </div>
        ) : (
          <Recurring value={value} onChange={onChange} />
        )}
      </div>
    </fieldset>
  )
}

function Recurring({ value, onChange }: { value: Extract<SuppressionWindow, { kind: 'recurring' }>; onChange(value: SuppressionWindow): void }) {
  const toggle = (day: number, on: boolean) => onChange({ ...value, days: on ? [...value.days, day].sort() : value.days.filter((one) => one !== day) })
  const [dates, setDates] = useState(() => monthDaysWord(value.month_days))
  const wrong = value.month_days.some(Number.isNaN)
  const write = (text: string) => {
    setDates(text)
    // What is no day has no number, as a moment that is none.
    onChange({ ...value, month_days: monthDaysOf(text) ?? [Number.NaN] })
  }
  const time = (text: string, otherwise: number) => minuteOfClock(text) ?? otherwise
  return (
    <>
      <div className={styles.row} role="group" aria-label="Days on which it begins">
        {DAYS.map((name, at) => (
          <Checkbox key={name} label={name} checked={value.days.includes(at + 1)} onChange={(e) => toggle(at + 1, e.currentTarget.checked)} />
        ))}
      </div>
      <p className={styles.hint}>No day picked: each day. A window that ends no later than it begins ends on the next day.</p>
      <TextInput label="Days of the month on which it begins" placeholder="1, 15, 28-31" description="Empty: each. Beside days of the week: only those that are both. A month that has no such day passes it over." value={dates} error={wrong && 'Write days from 1 to 31'} onChange={(e) => write(e.currentTarget.value)} />
      <div className={styles.row}>
        <TextInput type="time" label="From" value={clock(value.from_minute)} onChange={(e) => onChange({ ...value, from_minute: time(e.currentTarget.value, value.from_minute) })} />
        <TextInput type="time" label="Until" value={clock(value.until_minute % 1440)} onChange={(e) => onChange({ ...value, until_minute: time(e.currentTarget.value, value.until_minute) })} />
        <Autocomplete size="xs" label="Time zone" data={TIME_ZONES} limit={50} value={value.zone} onChange={(zone) => onChange({ ...value, zone })} />
      </div>
      {!problemOf(value) && (
        <p className={styles.hint} role="status">
          On: {windowWord(value, String)}.
        </p>
      )}
    </>
  )
}
