import { Switch } from '@mantine/core'
import { useDebouncedCallback } from '@mantine/hooks'
import { useState } from 'react'
import type { EventSummary } from '../../api/types'
import { useUrlState } from '../../app/urlState'
import { kindOf, SEVERITIES, SEVERITY_NAMES } from '../../components/event/kinds'
import { SearchInput } from '../../components/SearchInput'
import { count } from '../../format/numbers'
import styles from './Events.module.css'

const listed = (text: string) => text.split(',').filter(Boolean)

/** What events are narrowed by: all of it stands in the URL. */
export function FilterBar({ summary }: { summary: EventSummary | undefined }) {
  const [types, setTypes] = useUrlState('type')
  const [severities, setSeverities] = useUrlState('severity')
  const [state, setState] = useUrlState('state')
  const counts = summary?.counts ?? []
  const sum = (of: (c: (typeof counts)[number]) => boolean) => counts.filter(of).reduce((s, c) => s + c.count, 0)
  // What is chosen stays, though there may be none of it in this range.
  const kinds = [...new Set([...listed(types), ...counts.map((c) => c.type)])].sort((a, b) => kindOf(a).label.localeCompare(kindOf(b).label))
  return (
    <div className={styles.bar}>
      <TextFilter />
      <Choices label="Severity" chosen={listed(severities)} onChange={setSeverities} options={SEVERITIES.map((s) => ({ value: s, label: SEVERITY_NAMES[s], count: sum((c) => c.severity === s) }))} />
      <Choices label="Type" chosen={listed(types)} onChange={setTypes} options={kinds.map((type) => ({ value: type, label: kindOf(type).label, count: sum((c) => c.type === type) }))} />
      <Switch className={styles.open} label="Not resolved" checked={state === 'open'} onChange={(e) => setState(e.currentTarget.checked ? 'open' : null)} />
    </div>
  )
}

function TextFilter() {
  const [text, setText] = useUrlState('filter')
  const [typed, setTyped] = useState(text)
  const ask = useDebouncedCallback((next: string) => setText(next || null), 300)
  return (
    <SearchInput
      label="Text of the event"
      value={typed}
      onChange={(next) => {
        setTyped(next ?? '')
        ask(next ?? '')
      }}
    />
  )
}

interface ChoicesProps {
  label: string
  chosen: string[]
  options: { value: string; label: string; count: number }[]
  onChange(chosen: string | null): void
}

function Choices({ label, chosen, options, onChange }: ChoicesProps) {
  const toggle = (value: string) => onChange((chosen.includes(value) ? chosen.filter((other) => other !== value) : [...chosen, value]).join(',') || null)
  if (options.length === 0) return null
  return (
    <div className={styles.choices} role="group" aria-label={label}>
      {options.map((option) => (
        <button key={option.value} type="button" className={styles.choice} aria-pressed={chosen.includes(option.value)} onClick={() => toggle(option.value)}>
          {option.label} <small>{count(option.count)}</small>
        </button>
      ))}
    </div>
  )
}
