import { Button, TextInput } from '@mantine/core'
import { useState, type FormEvent } from 'react'
import type { AccessKey, Page } from '../../api/types'
import { Card } from '../../components/card/Card'
import { Copy } from '../../components/copy/Copy'
import { Loaded } from '../../components/states/Loaded'
import { plural } from '../../format/numbers'
import { ago, exactMoment, minuteOf } from '../../format/times'
import { serverNow } from '../../time/clock'
import page from '../page.module.css'
import styles from './Administration.module.css'
import { useAccessKeys, useCreateKey, useDisableKey } from './queries'
import { Sure } from './Sure'

/** The keys that agents report with: made, shown, disabled. */
export function KeysPage() {
  const query = useAccessKeys()
  const enabled = query.data?.items.filter((key) => !key.disabled).length ?? 0
  return (
    <div className={page.page}>
      <Card title="Access keys" note={query.data && `${plural(enabled, 'key')} in use; agents send one with everything they report`}>
        <NewKey />
        <Loaded query={query} what="the access keys">
          {(data: Page<AccessKey>) => (
            <table className={styles.table} aria-label="Access keys">
              <thead>
                <tr>
                  <th scope="col">Name</th>
                  <th scope="col">Key</th>
                  <th scope="col">Made</th>
                  <th scope="col">Last used</th>
                  <th scope="col">State</th>
                </tr>
              </thead>
              <tbody>
                {data.items.map((key) => (
                  <KeyRow key={key.id} entry={key} last={enabled === 1} />
                ))}
              </tbody>
            </table>
          )}
        </Loaded>
      </Card>
    </div>
  )
}

function NewKey() {
  const create = useCreateKey()
  const [name, setName] = useState('')
  const submit = (event: FormEvent) => {
    event.preventDefault()
    create.mutate(name, { onSuccess: () => setName('') })
  }
  return (
    <form className={styles.form} onSubmit={submit}>
      <TextInput label="Name of a new key" placeholder="staging" value={name} maxLength={255} error={create.error?.message} onChange={(e) => setName(e.currentTarget.value)} />
      <Button type="submit" loading={create.isPending} disabled={name.trim() === ''}>
        Make a key
      </Button>
      <p>One for each environment or team, so that one can be disabled without the others. To rotate a key: make a new one, let agents take it, and disable the old one when it is not used any more.</p>
    </form>
  )
}

function KeyRow({ entry, last }: { entry: AccessKey; last: boolean }) {
  const disable = useDisableKey()
  const [shown, setShown] = useState(false)
  const { key, name, disabled } = entry
  return (
    <tr data-off={disabled || undefined}>
      <td>{name}</td>
      <td>
        <span className={styles.key}>
          <code>{shown ? key : `${key.slice(0, 7)}${'•'.repeat(12)}`}</code>
          <Button variant="subtle" size="compact-xs" aria-label={`${shown ? 'Hide' : 'Show'} the key ${name}`} onClick={() => setShown(!shown)}>
            {shown ? 'Hide' : 'Show'}
          </Button>
          <Copy text={key} label={`Copy the key ${name}`} />
        </span>
      </td>
      <td title={exactMoment(entry.created_at)}>{minuteOf(entry.created_at)}</td>
      <td title={entry.last_used_at === null ? undefined : exactMoment(entry.last_used_at)}>{entry.last_used_at === null ? 'never' : ago(entry.last_used_at, serverNow())}</td>
      <td>
        {disabled ? (
          'Disabled: agents with it are refused'
        ) : (
          <Sure
            label={`Disable the key ${name}`}
            word="Disable"
            question={`Agents that report with “${name}” are refused from a few seconds on, for ever${last ? '. It is the last one in use: nothing can report then' : ''}.`}
            busy={disable.isPending}
            problem={disable.error?.message}
            onSure={() => disable.mutate(entry.id)}
          />
        )}
      </td>
    </tr>
  )
}
