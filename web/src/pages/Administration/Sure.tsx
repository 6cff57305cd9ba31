import { Button, Popover } from '@mantine/core'
import { useState } from 'react'
import styles from './Administration.module.css'

interface Props {
  /** For a screen reader: what is done to what. */
  label: string
  word: string
  /** What will happen. */
  question: string
  busy: boolean
  problem?: string
  onSure(): void
}

/** A button for what cannot be undone: it says what will happen and asks once more. */
export function Sure({ label, word, question, busy, problem, onSure }: Props) {
  const [open, setOpen] = useState(false)
  return (
    <Popover opened={open} onChange={setOpen} position="bottom-end" width={300} trapFocus>
      <Popover.Target>
        <Button variant="default" size="compact-xs" aria-label={label} loading={busy} onClick={() => setOpen(!open)}>
          {word}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <div className={styles.sure}>
          <p>{question}</p>
          {problem && <p role="alert">{problem}</p>}
          <Button
            color="red"
            onClick={() => {
              setOpen(false)
              onSure()
            }}
          >
            {word}
          </Button>
          <Button variant="default" onClick={() => setOpen(false)}>
            Cancel
          </Button>
        </div>
      </Popover.Dropdown>
    </Popover>
  )
}
