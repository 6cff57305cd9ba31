import { Button } from '@mantine/core'
import { IconPlayerPlay } from '@tabler/icons-react'
import { useState } from 'react'
import styles from './ApiDocs.module.css'
import { Code } from './Code'
import { addressOf, missing, type Operation } from './document'

/** An answer is shown up to here; all of it is one request away. */
const SHOWN = 20_000

interface Answer {
  status: number
  text: string
  took: number
}

/** Asks the server, as the user who is signed in. Only what reads is offered. */
export function Try({ operation, values }: { operation: Operation; values: Record<string, string> }) {
  const [answer, setAnswer] = useState<Answer | 'asking' | string | null>(null)
  const lacking = missing(operation, values)
  const send = async () => {
    setAnswer('asking')
    const began = performance.now()
    try {
      const response = await fetch(addressOf(operation, values), { credentials: 'same-origin', headers: { accept: 'application/json' } })
      const text = readable(await response.text())
      setAnswer({ status: response.status, text, took: performance.now() - began })
    } catch {
      setAnswer('The server cannot be reached.')
    }
  }
  return (
    <div className={styles.try}>
      <div>
        <Button size="xs" leftSection={<IconPlayerPlay size={14} />} disabled={lacking.length > 0} loading={answer === 'asking'} onClick={() => void send()}>
          Send
        </Button>
        <span role="status">
          {lacking.length > 0 && `Give a value for ${lacking.join(' and ')} first.`}
          {typeof answer === 'string' && answer !== 'asking' && answer}
          {answer !== null && typeof answer === 'object' && `${answer.status} in ${answer.took.toFixed(0)} ms`}
        </span>
      </div>
      {answer !== null && typeof answer === 'object' && <Code text={answer.text} label="Copy the answer" />}
    </div>
  )
}

function readable(text: string): string {
  let pretty = text
  try {
    pretty = JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    // No JSON: as it came.
  }
  return pretty.length > SHOWN ? `${pretty.slice(0, SHOWN)}\n… (${pretty.length - SHOWN} characters more)` : pretty
}
