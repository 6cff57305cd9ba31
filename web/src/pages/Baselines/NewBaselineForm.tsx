import { Button, NativeSelect, TextInput } from '@mantine/core'
import { useState, type FormEvent } from 'react'
import type { Baseline } from '../../api/types'
import { fromInput, toInput } from '../../layout/localInput'
import { plural } from '../../format/numbers'
import styles from './Baselines.module.css'
import { useAddBaseline } from './queries'
import { bodyOf, EMPTY, hoursAlike, isSound, problemsOf, SEASONS, type Draft } from './words'

const SEASON_OPTIONS = Object.entries(SEASONS).map(([value, label]) => ({ value, label }))
const KINDS = [
  { value: 'rolling', label: 'the days before each hour' },
  { value: 'fixed', label: 'a fixed range of the past' },
]

interface Props {
  application: number
  /** Names that there are. */
  taken: string[]
  onDone(): void
}

/** A baseline of the application's own. What is wrong is said while it is typed. */
export function NewBaselineForm({ application, taken, onDone }: Props) {
  const add = useAddBaseline(application)
  const [draft, setDraft] = useState<Draft>(EMPTY)
  const change = (changes: Partial<Draft>) => setDraft((before) => ({ ...before, ...changes }))
  const problems = problemsOf(draft, taken)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    add.mutate(bodyOf(draft), { onSuccess: onDone })
  }
  return (
    <form className={styles.form} onSubmit={submit} aria-label="A new baseline">
      <TextInput label="Name" placeholder="Weekdays before the sale" value={draft.name} maxLength={100} error={problems.name} onChange={(e) => change({ name: e.currentTarget.value })} data-autofocus />
      <NativeSelect label="Hours that are alike" data={SEASON_OPTIONS} value={draft.season} onChange={(e) => change({ season: e.currentTarget.value as Baseline['season'] })} />
      <NativeSelect label="Learnt from" data={KINDS} value={draft.kind} onChange={(e) => change({ kind: e.currentTarget.value === 'fixed' ? 'fixed' : 'rolling' })} />
      {draft.kind === 'rolling' ? (
        <TextInput label="Days" inputMode="numeric" value={draft.days} error={problems.days} onChange={(e) => change({ days: e.currentTarget.value })} />
      ) : (
        <>
          <TextInput type="datetime-local" label="From" value={textOf(draft.from)} onChange={(e) => change({ from: moment(e.currentTarget.value) })} />
          <TextInput type="datetime-local" label="To" value={textOf(draft.to)} error={problems.range} onChange={(e) => change({ to: moment(e.currentTarget.value) })} />
        </>
      )}
      <span className={styles.buttons}>
        <Button type="submit" loading={add.isPending} disabled={!isSound(draft, taken)}>
          Add it
        </Button>
        <Button variant="default" onClick={onDone}>
          Cancel
        </Button>
      </span>
      <p role="status">{add.error ? add.error.message : alikeText(hoursAlike(draft))}</p>
    </form>
  )
}

const textOf = (at: number | null) => (at === null ? '' : toInput(at))

function moment(text: string): number | null {
  const at = fromInput(text)
  return Number.isNaN(at) ? null : at
}

function alikeText(alike: number | null): string {
  if (alike === null) return ''
  if (alike < 2) return 'Too few: it needs at least two hours that are alike. Take a longer time or a simpler season.'
  return `Each hour is judged by up to ${plural(alike, 'hour')} like it.`
}
