import { Button, CloseButton, PasswordInput, TextInput } from '@mantine/core'
import { useState } from 'react'
import styles from './Alerting.module.css'
import type { NewAction } from './types'

interface Props {
  value: NewAction['secrets']
  /** What the ready request's secrets are. */
  words: readonly { name: string; value: string }[]
  onChange(value: NewAction['secrets']): void
}

/** What must not be shown again: kept sealed, and masked in every log and answer. */
export function SecretFields({ value, words, onChange }: Props) {
  const [name, setName] = useState('')
  const sound = /^\w{1,64}$/.test(name) && !(name in value)
  return (
    <fieldset>
      <legend>Secrets</legend>
      <div className={styles.stack}>
        {Object.entries(value).map(([key, secret]) => (
          <div key={key} className={styles.row}>
            <PasswordInput label={words.find((one) => one.name === key)?.value ?? key} description={`{{ secrets.${key} }}`} placeholder={secret === null ? 'stored; write to replace it' : ''} autoComplete="off" value={secret ?? ''} onChange={(e) => onChange({ ...value, [key]: e.currentTarget.value })} />
            <CloseButton aria-label={`Remove the secret ${key}`} onClick={() => onChange(Object.fromEntries(Object.entries(value).filter(([other]) => other !== key)))} />
          </div>
        ))}
        <div className={styles.row}>
          <TextInput aria-label="Name of a further secret" placeholder="token" value={name} onChange={(e) => setName(e.currentTarget.value)} />
          <Button
            variant="default"
            disabled={!sound}
            onClick={() => {
              onChange({ ...value, [name]: '' })
              setName('')
            }}
          >
            Add a secret
          </Button>
        </div>
        <p className={styles.hint}>Kept sealed, never shown again, and masked in previews and in the log of deliveries.</p>
      </div>
    </fieldset>
  )
}
