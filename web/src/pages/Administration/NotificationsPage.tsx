import { Button, NumberInput, PasswordInput, Select, TextInput } from '@mantine/core'
import { useState, type FormEvent } from 'react'
import { Card } from '../../components/card/Card'
import { Loaded } from '../../components/states/Loaded'
import styles from '../Alerting/Alerting.module.css'
import { AttemptResult } from '../Alerting/AttemptResult'
import { useSaveSettings, useSettings, useTestMail } from '../Alerting/queries'
import type { NotificationSettings } from '../Alerting/types'
import page from '../page.module.css'

type Mail = NonNullable<NotificationSettings['mail']>

const NONE: Mail = { host: '', port: 587, security: 'start_tls', user: '', from: '' }
const SECURITY: { value: Mail['security']; label: string; port: number }[] = [
  { value: 'start_tls', label: 'STARTTLS', port: 587 },
  { value: 'tls', label: 'TLS', port: 465 },
  { value: 'none', label: 'none', port: 25 },
]

/** The server that sends emails, with a try. */
export function NotificationsPage() {
  const query = useSettings()
  return (
    <div className={page.page}>
      <Loaded query={query} what="the notification settings">
        {(settings) => (
          <>
            <MailForm settings={settings} />
            {settings.mail && <Try />}
          </>
        )}
      </Loaded>
    </div>
  )
}

function MailForm({ settings }: { settings: NotificationSettings }) {
  const [mail, setMail] = useState<Mail>(settings.mail ?? NONE)
  const [password, setPassword] = useState<string | null>(null)
  const [tried, setTried] = useState(false)
  const save = useSaveSettings()
  const set = (part: Partial<Mail>) => setMail((before) => ({ ...before, ...part }))
  const problems = {
    host: mail.host.trim() === '' ? 'Name the mail server' : undefined,
    from: /\S@\S/.test(mail.from) ? undefined : 'Give an address, such as Vedette <vedette@example.com>',
    user: mail.user !== '' && mail.security === 'none' ? 'A password is not sent in the clear: use STARTTLS or TLS' : undefined,
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setTried(true)
    if (problems.host || problems.from || problems.user) return
    save.mutate({ mail: { ...mail, host: mail.host.trim() }, password }, { onSuccess: () => setPassword(null) })
  }
  return (
    <Card title="Mail server" note="over which all emails of this account go">
      <form onSubmit={submit}>
        <div className={styles.fields}>
          <div className={styles.row}>
            <TextInput label="Host" placeholder="smtp.example.com" value={mail.host} error={tried && problems.host} onChange={(e) => set({ host: e.currentTarget.value })} />
            <Select
              label="Protection"
              data={SECURITY.map(({ value, label }) => ({ value, label }))}
              value={mail.security}
              allowDeselect={false}
              onChange={(value) => {
                const next = SECURITY.find((one) => one.value === value)
                if (next) set({ security: next.value, port: next.port })
              }}
            />
            <NumberInput label="Port" min={1} max={65535} value={mail.port} onChange={(value) => set({ port: Number(value) || 587 })} />
          </div>
          <div className={styles.row}>
            <TextInput label="User" description="Empty: nobody signs in" autoComplete="off" value={mail.user} error={problems.user} onChange={(e) => set({ user: e.currentTarget.value })} />
            <PasswordInput label="Password" description="Kept sealed, never shown again" autoComplete="new-password" placeholder={settings.has_password ? 'stored; write to replace it' : ''} value={password ?? ''} onChange={(e) => setPassword(e.currentTarget.value)} />
          </div>
          <TextInput label="Sender" placeholder="Vedette <vedette@example.com>" value={mail.from} error={tried && problems.from} onChange={(e) => set({ from: e.currentTarget.value })} />
        </div>
        <div className={styles.foot}>
          <Button type="submit" loading={save.isPending}>
            Save
          </Button>
          {save.isSuccess && <span role="status">Saved</span>}
          {save.error && (
            <p className={styles.problem} role="alert">
              {save.error.message}
            </p>
          )}
        </div>
      </form>
    </Card>
  )
}

function Try() {
  const [to, setTo] = useState('')
  const test = useTestMail()
  return (
    <Card title="Send a test">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          test.mutate(to)
        }}
      >
        <div className={styles.fields}>
          <div className={styles.row}>
            <TextInput label="To" placeholder="you@example.com" value={to} error={test.error?.message} onChange={(e) => setTo(e.currentTarget.value)} />
            <Button type="submit" loading={test.isPending} disabled={!to.includes('@')}>
              Send a test
            </Button>
          </div>
        </div>
      </form>
      {test.data && <AttemptResult what="The test" attempt={test.data} />}
    </Card>
  )
}
