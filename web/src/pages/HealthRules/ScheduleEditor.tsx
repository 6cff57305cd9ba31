import { Autocomplete, Button, Checkbox, NativeSelect, NumberInput, TextInput } from '@mantine/core'
import { useState, type FormEvent } from 'react'
import { useNavigate, useParams } from 'react-router'
import { useMay } from '../../access/may'
import { paths } from '../../app/paths'
import { useId } from '../../app/useId'
import { useTitle } from '../../app/useTitle'
import { useHref } from '../../app/urlState'
import { Card } from '../../components/card/Card'
import { Empty } from '../../components/states/Empty'
import { Loaded } from '../../components/states/Loaded'
import { serverNow } from '../../time/clock'
import { dayOf, TIME_ZONES } from '../../time/zone'
import { useAccount } from '../Administration/account'
import page from '../page.module.css'
import styles from './HealthRules.module.css'
import { freshSchedule, problemsOfSchedule, timesOfKind, type TimesKind } from './model/schedule'
import { DAYS, dayWord, timesWord, WHICH } from './model/words'
import { useSaveSchedule, useSchedules } from './queries'
import { NotAllowed } from './RulesPage'
import type { RuleSchedule, Schedule, Times, Weekday, WhichDay } from './types'

/** Makes or changes a schedule. */
export function ScheduleEditor() {
  const application = useId('applicationId')
  const text = useParams().scheduleId ?? 'new'
  const schedules = useSchedules(application)
  const account = useAccount()
  return (
    <div className={page.page}>
      <Loaded query={schedules} what="the schedules">
        {({ items }) => {
          const stored = items.find((one) => String(one.id) === text)
          if (text !== 'new' && !stored) return <Empty title="There is no such schedule any more" />
          const start = stored?.schedule ?? freshSchedule(account.data?.time_zone ?? 'UTC')
          return <Editor key={`${text} ${account.data?.time_zone ?? ''}`} application={application} stored={stored ?? null} start={start} taken={items.filter((one) => one !== stored).map((one) => one.schedule.name)} />
        }}
      </Loaded>
    </div>
  )
}

function Editor({ application, stored, start, taken }: { application: number; stored: RuleSchedule | null; start: Schedule; taken: string[] }) {
  const [draft, setDraft] = useState(start)
  const [touched, setTouched] = useState<ReadonlySet<string>>(new Set())
  const [tried, setTried] = useState(false)
  const save = useSaveSchedule(application)
  const navigate = useNavigate()
  const href = useHref()
  const readOnly = !useMay()('configure', application)
  const problems = problemsOfSchedule(draft, taken, TIME_ZONES)
  const isSound = Object.keys(problems).length === 0
  useTitle([stored?.schedule.name ?? 'New schedule'])
  const set = (part: Partial<Schedule>) => {
    setDraft((before) => ({ ...before, ...part }))
    setTouched((before) => new Set([...before, ...Object.keys(part)]))
  }
  const said = (key: keyof typeof problems) => (tried || touched.has(key) ? problems[key] : undefined)
  const back = () => void navigate(href(paths.schedules(application)))
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setTried(true)
    if (isSound) save.mutate({ id: stored?.id ?? null, schedule: { ...draft, name: draft.name.trim() } }, { onSuccess: back })
  }
  return (
    <Card title={stored ? stored.schedule.name : 'New schedule'} level={1}>
      {readOnly && <NotAllowed what="change schedules" />}
      <form onSubmit={submit} noValidate aria-label="Schedule">
        <fieldset disabled={readOnly} className={styles.fields}>
          <div className={styles.row}>
            <TextInput label="Name" withAsterisk value={draft.name} maxLength={255} error={said('name')} onChange={(e) => set({ name: e.currentTarget.value })} />
            <TextInput data-wide label="Description" value={draft.description} maxLength={1000} onChange={(e) => set({ description: e.currentTarget.value })} />
            <Autocomplete size="xs" label="Time zone" data={TIME_ZONES} limit={50} value={draft.timezone} error={said('timezone')} onChange={(timezone) => set({ timezone })} />
          </div>
          <TimesFields value={draft.times} zone={TIME_ZONES.includes(draft.timezone) ? draft.timezone : undefined} onChange={(times) => set({ times })} />
          {said('times') ? (
            <p className={styles.problem} role="alert">
              {problems.times}
            </p>
          ) : (
            <p className={styles.hint} role="status">
              On: {timesWord(draft)}.{draft.times.type !== 'ONE_TIME' && draft.times.type !== 'CUSTOM' && ' An end that is not after its start is on the day after.'}
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
            {save.error && (
              <p className={styles.problem} role="alert">
                {save.error.message}
              </p>
            )}
          </div>
        )}
      </form>
    </Card>
  )
}

const KINDS: { value: TimesKind; label: string }[] = [
  { value: 'WEEKLY', label: 'On days of the week' },
  { value: 'DAILY', label: 'Every day' },
  { value: 'MONTHLY_DAY', label: 'On a weekday of the month' },
  { value: 'MONTHLY_DATE', label: 'On days of the month' },
  { value: 'ONE_TIME', label: 'Once' },
  { value: 'CUSTOM', label: 'By expressions as of cron' },
]

/** Today is that of `zone`: a day that is over there already would be refused. */
function TimesFields({ value, zone, onChange }: { value: Times; zone?: string; onChange(times: Times): void }) {
  const kind = <NativeSelect label="When" data={KINDS} value={value.type} onChange={(e) => onChange(timesOfKind(e.currentTarget.value as TimesKind, value, dayOf(serverNow(), zone)))} />
  if (value.type === 'CUSTOM') {
    return (
      <div className={styles.row}>
        {kind}
        <TextInput label="From" description="Seconds first, as in Quartz" value={value.start_cron} onChange={(e) => onChange({ ...value, start_cron: e.currentTarget.value })} />
        <TextInput label="To" description="Until this fires next" value={value.end_cron} onChange={(e) => onChange({ ...value, end_cron: e.currentTarget.value })} />
      </div>
    )
  }
  return (
    <>
      <div className={styles.row}>
        {kind}
        {value.type === 'ONE_TIME' && <TextInput type="date" label="First day" value={value.start_date} onChange={(e) => onChange({ ...value, start_date: e.currentTarget.value })} />}
        {value.type === 'MONTHLY_DATE' && <NumberInput label="From day" min={1} max={31} value={value.start_day} onChange={(day) => onChange({ ...value, start_day: Number(day) })} />}
        {value.type === 'MONTHLY_DAY' && <NativeSelect label="Which" data={WHICH.map((one) => ({ value: one, label: one.toLowerCase() }))} value={value.which} onChange={(e) => onChange({ ...value, which: e.currentTarget.value as WhichDay })} />}
        {value.type === 'MONTHLY_DAY' && <NativeSelect label="Day" data={DAYS.map((one) => ({ value: one, label: dayWord(one) }))} value={value.day} onChange={(e) => onChange({ ...value, day: e.currentTarget.value as Weekday })} />}
        <TextInput type="time" label="From" value={value.start_time} onChange={(e) => onChange({ ...value, start_time: e.currentTarget.value })} />
        {value.type === 'ONE_TIME' && <TextInput type="date" label="Last day" value={value.end_date} onChange={(e) => onChange({ ...value, end_date: e.currentTarget.value })} />}
        {value.type === 'MONTHLY_DATE' && <NumberInput label="To day" min={1} max={31} value={value.end_day} onChange={(day) => onChange({ ...value, end_day: Number(day) })} />}
        <TextInput type="time" label="To" value={value.end_time} onChange={(e) => onChange({ ...value, end_time: e.currentTarget.value })} />
      </div>
      {value.type === 'WEEKLY' && (
        <div className={styles.days} role="group" aria-label="Days of the week">
          {DAYS.map((day) => (
            <Checkbox key={day} label={dayWord(day)} checked={value.days.includes(day)} onChange={(e) => onChange({ ...value, days: e.currentTarget.checked ? DAYS.filter((one) => one === day || value.days.includes(one)) : value.days.filter((one) => one !== day) })} />
          ))}
        </div>
      )}
    </>
  )
}
