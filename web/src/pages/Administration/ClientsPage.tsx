import { Button, NativeSelect, TextInput } from '@mantine/core'
import { useState, type FormEvent } from 'react'
import type { ApiClient, ApiClientSecret, Page } from '../../api/types'
import { paths } from '../../app/paths'
import { Card } from '../../components/card/Card'
import { Copy } from '../../components/copy/Copy'
import { RangeLink } from '../../components/link/RangeLink'
import { Empty } from '../../components/states/Empty'
import { Loaded } from '../../components/states/Loaded'
import { ago, exactMoment, minuteOf } from '../../format/times'
import { serverNow } from '../../time/clock'
import page from '../page.module.css'
import styles from './Administration.module.css'
import { useRoles } from '../Access/queries'
import { ClientRoles, RoleChecks } from './ClientRoles'
import { useApiClients, useCreateClient, useDeleteClient, useReplaceSecret } from './queries'
import { Sure } from './Sure'

/** The predefined role that sees everything and changes nothing. */
const VIEWER = 5
const LIFETIMES = [
  { value: '300', label: '5 minutes' },
  { value: '3600', label: 'an hour' },
  { value: '86400', label: 'a day' },
]

/** Programs that ask for tokens: made, given another secret, removed. A secret is shown once. */
export function ClientsPage() {
  const query = useApiClients()
  const [made, setMade] = useState<ApiClientSecret | null>(null)
  return (
    <div className={page.page}>
      <Card title="API clients" note="programs that read Vedette by tokens of their own" actions={<RangeLink to={paths.apiDocs}>REST API documentation</RangeLink>}>
        <NewClient onMade={setMade} />
        {made && <Secret made={made} onDone={() => setMade(null)} />}
        <Loaded query={query} what="the API clients">
          {(data: Page<ApiClient>) =>
            data.items.length === 0 ? (
              <Empty title="No API client yet">A script, a dashboard or a pipeline gets one of its own, so that nobody’s password lies in it.</Empty>
            ) : (
              <table className={styles.table} aria-label="API clients">
                <thead>
                  <tr>
                    <th scope="col">Name</th>
                    <th scope="col">Client id</th>
                    <th scope="col">Roles</th>
                    <th scope="col">Made</th>
                    <th scope="col">Last token</th>
                    <th scope="col">Change</th>
                  </tr>
                </thead>
                <tbody>
                  {data.items.map((client) => (
                    <ClientRow key={client.id} client={client} onSecret={setMade} />
                  ))}
                </tbody>
              </table>
            )
          }
        </Loaded>
      </Card>
    </div>
  )
}

function NewClient({ onMade }: { onMade(made: ApiClientSecret): void }) {
  const create = useCreateClient()
  const [name, setName] = useState('')
  const [description, setDescription] = useState('')
  const [seconds, setSeconds] = useState(300)
  const [chosen, setChosen] = useState<number[]>([VIEWER])
  const roles = useRoles()
  const submit = (event: FormEvent) => {
    event.preventDefault()
    create.mutate(
      { name, description, token_seconds: seconds, roles: chosen },
      {
        onSuccess: (made) => {
          setName('')
          setDescription('')
          onMade(made)
        },
      },
    )
  }
  return (
    <form className={styles.form} onSubmit={submit}>
      <TextInput label="Name of a new client" placeholder="nightly-report" value={name} maxLength={255} error={create.error?.message} onChange={(e) => setName(e.currentTarget.value)} />
      <TextInput label="What it is for" placeholder="Exports yesterday’s figures" value={description} maxLength={255} onChange={(e) => setDescription(e.currentTarget.value)} />
      <NativeSelect size="xs" label="Its tokens are good for" value={seconds} data={LIFETIMES} onChange={(e) => setSeconds(Number(e.currentTarget.value))} />
      <Button type="submit" loading={create.isPending} disabled={name.trim() === ''}>
        Make a client
      </Button>
      <RoleChecks roles={roles} chosen={chosen} onChange={setChosen} />
    </form>
  )
}

/** The one time that a secret is to be seen, with how a token is asked for. */
function Secret({ made, onDone }: { made: ApiClientSecret; onDone(): void }) {
  const command = `curl --cacert ca.pem ${location.origin}/controller/api/oauth/access_token -d grant_type=client_credentials -d client_id=${made.client_id} -d client_secret=${made.secret}`
  return (
    <div className={styles.secret} role="status">
      <p>
        <b>The secret of {made.client_id}</b>, shown this once: only its hash is kept.
      </p>
      <span className={styles.key}>
        <code>{made.secret}</code>
        <Copy text={made.secret} label={`Copy the secret of ${made.name}`} />
      </span>
      <p>It is given for a token, which goes into each request as “Authorization: Bearer …”:</p>
      <span className={styles.key}>
        <code>{command}</code>
        <Copy text={command} label="Copy the command" />
      </span>
      <Button variant="default" onClick={onDone}>
        I have kept it
      </Button>
    </div>
  )
}

function ClientRow({ client, onSecret }: { client: ApiClient; onSecret(made: ApiClientSecret): void }) {
  const replace = useReplaceSecret()
  const remove = useDeleteClient()
  return (
    <tr>
      <td>
        {client.name}
        {client.description && <div className={page.muted}>{client.description}</div>}
        {client.old_secret_until !== null && <div className={page.muted}>The old secret is taken until {minuteOf(client.old_secret_until)}</div>}
      </td>
      <td className={page.mono}>{client.client_id}</td>
      <td>
        <ClientRoles client={client} />
      </td>
      <td title={exactMoment(client.created_at)}>{minuteOf(client.created_at)}</td>
      <td title={client.last_used_at === null ? undefined : exactMoment(client.last_used_at)}>{client.last_used_at === null ? 'never' : ago(client.last_used_at, serverNow())}</td>
      <td>
        <span className={styles.key}>
          <Sure
            label={`Replace the secret of ${client.name}`}
            word="Replace secret"
            question={`The secret that “${client.name}” has, and every token given for it, are refused from now on.`}
            busy={replace.isPending}
            problem={replace.error?.message}
            onSure={() => replace.mutate({ id: client.id, overlap_seconds: 0 }, { onSuccess: onSecret })}
          />
          <Sure
            label={`Rotate the secret of ${client.name}`}
            word="Rotate secret"
            question={`“${client.name}” gets another secret; the one it has is taken for a day beside it.`}
            busy={replace.isPending}
            onSure={() => replace.mutate({ id: client.id, overlap_seconds: 86_400 }, { onSuccess: onSecret })}
          />
          <Sure label={`Remove ${client.name}`} word="Remove" question={`“${client.name}” and every token it has are refused from now on.`} busy={remove.isPending} problem={remove.error?.message} onSure={() => remove.mutate(client.id)} />
        </span>
      </td>
    </tr>
  )
}
