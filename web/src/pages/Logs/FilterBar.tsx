import { Button, Switch, TextInput } from '@mantine/core'
import { useDebouncedCallback } from '@mantine/hooks'
import { IconX } from '@tabler/icons-react'
import { useState, type FormEvent } from 'react'
import type { LogSummary } from '../../api/types'
import { SearchInput } from '../../components/SearchInput'
import styles from './Logs.module.css'
import { attributeProblem, isTraceId, type LogFilter } from './model/filter'
import type { FilterState } from './useLogFilter'

interface Props {
  state: FilterState
  summary: LogSummary | undefined
  live: boolean
  onLive(on: boolean): void
}

/** Text, attribute and trace to look for, what is narrowed by, and the live tail's switch. */
export function FilterBar({ state, summary, live, onLive }: Props) {
  const { filter } = state
  return (
    <div className={styles.bar}>
      <TextFilter state={state} />
      <AttributeFilter state={state} />
      <Chips state={state} chips={chipsOf(filter, summary)} />
      <Switch className={styles.live} label="Live tail" checked={live} onChange={(event) => onLive(event.currentTarget.checked)} />
    </div>
  )
}

/** Typing asks once it rests. What the URL says otherwise, after a step back say, stands in the field. */
function TextFilter({ state: { filter, type } }: { state: FilterState }) {
  const [text, setText] = useState(filter.text)
  const [sent, setSent] = useState(filter.text)
  const [seen, setSeen] = useState(filter.text)
  if (filter.text !== seen) {
    setSeen(filter.text)
    if (filter.text !== sent) setText(filter.text)
  }
  const ask = useDebouncedCallback((next: string) => {
    setSent(next)
    type({ text: next })
  }, 300)
  return (
    <SearchInput
      label="Text in the record"
      width={240}
      value={text}
      onChange={(next) => {
        setText(next ?? '')
        ask(next ?? '')
      }}
    />
  )
}

/** `key=value`, or a trace id alone; Enter adds it. */
function AttributeFilter({ state: { filter, narrow } }: { state: FilterState }) {
  const [text, setText] = useState('')
  const [problem, setProblem] = useState<string | null>(null)
  const add = (event: FormEvent) => {
    event.preventDefault()
    const asked = text.trim()
    if (asked === '') return
    if (isTraceId(asked)) narrow({ trace: asked.toLowerCase() })
    else {
      const found = attributeProblem(asked)
      setProblem(found)
      if (found) return
      narrow({ attributes: [...new Set([...filter.attributes, asked])].slice(-8) })
    }
    setText('')
  }
  return (
    <form onSubmit={add}>
      <TextInput
        w={250}
        aria-label="Attribute or trace id"
        placeholder="key=value or trace id, then Enter"
        value={text}
        error={problem}
        onChange={(event) => {
          setText(event.currentTarget.value)
          setProblem(null)
        }}
      />
    </form>
  )
}

interface Chip {
  key: string
  label: string
  value: string
  without: Parameters<FilterState['narrow']>[0]
}

function chipsOf(filter: LogFilter, summary: LogSummary | undefined): Chip[] {
  const named = (items: { id: number; name: string }[] | undefined, id: number) => items?.find((e) => e.id === id)?.name ?? String(id)
  const chips: Chip[] = filter.severities.map((s) => ({ key: s, label: 'severity', value: s, without: { severities: filter.severities.filter((other) => other !== s) } }))
  if (filter.tier !== null) chips.push({ key: 'tier', label: 'tier', value: named(summary?.by_tier.items, filter.tier), without: { tier: null } })
  if (filter.node !== null) chips.push({ key: 'node', label: 'node', value: named(summary?.by_node.items, filter.node), without: { node: null } })
  if (filter.logger) chips.push({ key: 'logger', label: 'logger', value: filter.logger, without: { logger: '' } })
  if (filter.trace) chips.push({ key: 'trace', label: 'trace', value: `${filter.trace.slice(0, 8)}…`, without: { trace: '' } })
  for (const a of filter.attributes) chips.push({ key: `a${a}`, label: '', value: a, without: { attributes: filter.attributes.filter((other) => other !== a) } })
  return chips
}

function Chips({ state: { narrow }, chips }: { state: FilterState; chips: Chip[] }) {
  return (
    <div className={styles.chips}>
      {chips.map(({ key, label, value, without }) => (
        <button key={key} type="button" className={styles.chip} aria-label={`Remove ${label} ${value}`} title={value} onClick={() => narrow(without)}>
          {label && <small>{label}</small>}
          <span>{value}</span>
          <IconX size={12} aria-hidden />
        </button>
      ))}
      {chips.length > 1 && (
        <Button variant="subtle" size="compact-sm" onClick={() => narrow({ severities: [], tier: null, node: null, logger: '', trace: '', attributes: [] })}>
          Clear
        </Button>
      )}
    </div>
  )
}
