import { Button, NativeSelect, TextInput } from '@mantine/core'
import { useState, type FormEvent } from 'react'
import { useTiers } from '../../api/queries'
import type { Event, EventSeverity } from '../../api/types'
import { Card } from '../../components/card/Card'
import { kindOf, POSTED, SEVERITIES, SEVERITY_NAMES } from '../../components/event/kinds'
import styles from './Events.module.css'
import { usePostEvent } from './queries'

interface Props {
  application: number
  /** With the event that was made, or with none. */
  onDone(made: Event | null): void
}

/** What a person wants seen on the charts: a deployment above all. Scripts post the same by REST. */
export function PostEvent({ application, onDone }: Props) {
  const post = usePostEvent()
  const tiers = useTiers(application).data?.items ?? []
  const [type, setType] = useState<string>('APPLICATION_DEPLOYMENT')
  const [custom, setCustom] = useState('')
  const [summary, setSummary] = useState('')
  const [version, setVersion] = useState('')
  const [tier, setTier] = useState('')
  const [severity, setSeverity] = useState<EventSeverity>('INFO')
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const properties = type === 'APPLICATION_DEPLOYMENT' && version.trim() ? [{ name: 'version', value: version.trim() }] : []
    post.mutate({ application, type, custom_type: type === 'CUSTOM' ? custom.trim() : '', severity, summary: summary.trim(), affected: tier ? [Number(tier)] : [], properties }, { onSuccess: onDone })
  }
  return (
    <Card title="Post an event" note="it happened now; every chart of the application shows it">
      <form className={styles.form} onSubmit={submit}>
        <NativeSelect label="Type" value={type} onChange={(e) => setType(e.currentTarget.value)} data={POSTED.map((value) => ({ value, label: kindOf(value).label }))} />
        {type === 'CUSTOM' && <TextInput label="Its own type" placeholder="load test" value={custom} maxLength={255} onChange={(e) => setCustom(e.currentTarget.value)} />}
        <TextInput className={styles.wide} label="Summary" required placeholder="stock 1.4.0 is rolled out" value={summary} maxLength={1000} onChange={(e) => setSummary(e.currentTarget.value)} />
        {type === 'APPLICATION_DEPLOYMENT' && <TextInput label="Version" placeholder="1.4.0" value={version} maxLength={255} onChange={(e) => setVersion(e.currentTarget.value)} />}
        <NativeSelect label="Affects" value={tier} onChange={(e) => setTier(e.currentTarget.value)} data={[{ value: '', label: 'the whole application' }, ...tiers.map((t) => ({ value: String(t.id), label: t.name }))]} />
        <NativeSelect label="Severity" value={severity} onChange={(e) => setSeverity(e.currentTarget.value as EventSeverity)} data={SEVERITIES.map((value) => ({ value, label: SEVERITY_NAMES[value] }))} />
        <div className={styles.buttons}>
          <Button type="submit" loading={post.isPending} disabled={summary.trim() === ''}>
            Post
          </Button>
          <Button variant="default" onClick={() => onDone(null)}>
            Cancel
          </Button>
        </div>
        {post.error && (
          <p className={styles.problem} role="alert">
            {post.error.message}
          </p>
        )}
      </form>
    </Card>
  )
}
