import { TextInput } from '@mantine/core'
import { useState } from 'react'
import { milliseconds } from '../../format/numbers'
import { parseDuration } from './model/filter'

interface Props {
  label: string
  placeholder: string
  value: number | null
  onChange(ms: number | null): void
}

const textOf = (ms: number | null) => (ms === null ? '' : milliseconds(ms))

/** A duration as people write it; taken when it is left, or with Enter. */
export function DurationInput(props: Props) {
  // One that was changed elsewhere begins anew.
  return <Field key={props.value} {...props} />
}

function Field({ label, placeholder, value, onChange }: Props) {
  const [text, setText] = useState(textOf(value))
  const [wrong, setWrong] = useState(false)
  const take = () => {
    const ms = text.trim() === '' ? null : parseDuration(text)
    const unread = ms === null && text.trim() !== ''
    setWrong(unread)
    // What is shown is rounded: only what was typed is taken.
    if (!unread && text !== textOf(value)) onChange(ms)
  }
  return (
    <TextInput
      w={96}
      aria-label={label}
      placeholder={placeholder}
      value={text}
      error={wrong}
      title={wrong ? 'Write it like 250 ms, 1.5 s or 2 min' : label}
      onChange={(event) => setText(event.currentTarget.value)}
      onBlur={take}
      onKeyDown={(event) => event.key === 'Enter' && take()}
    />
  )
}
