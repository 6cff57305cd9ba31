import { Button, PasswordInput, Switch, TextInput } from '@mantine/core'
import { useState, type FormEvent } from 'react'
import { useNavigate, useParams } from 'react-router'
import type { Page, User, UserChange } from '../../api/types'
import { paths } from '../../app/paths'
import { useHref } from '../../app/urlState'
import { Card } from '../../components/card/Card'
import { Empty } from '../../components/states/Empty'
import { Loaded } from '../../components/states/Loaded'
import { exactMoment } from '../../format/times'
import { Sure } from '../Administration/Sure'
import page from '../page.module.css'
import styles from './Access.module.css'
import { Checks } from './Checks'
import { passwordProblem } from './password'
import { useCreateUser, useDelete, useEndSessions, useGroups, useRoles, useSaveUser, useSetPassword, useUnlock, useUsers } from './queries'
import { State } from './UsersPage'

/** One user, or a new one. */
export function UserPage() {
  const { userId } = useParams()
  const query = useUsers()
  return (
    <div className={page.page}>
      {userId === 'new' ? (
        <Card title="New user">
          <Editor user={null} />
        </Card>
      ) : (
        <Loaded query={query} what="the user">
          {(data: Page<User>) => {
            const user = data.items.find((one) => String(one.id) === userId)
            return user ? <Known key={user.id} user={user} /> : <Empty title="There is no such user">It may have been deleted.</Empty>
          }}
        </Loaded>
      )}
    </div>
  )
}

function Known({ user }: { user: User }) {
  return (
    <>
      <Card title={`User ${user.name}`} note={<State user={user} />}>
        <Editor user={user} />
      </Card>
      <Card title="Password, lock and sessions">
        <Access user={user} />
      </Card>
    </>
  )
}

/** What of a user is changed here. */
function changeOf(user: User | null): UserChange {
  if (!user) return { name: '', display_name: '', email: '', enabled: true, roles: [], groups: [] }
  return { name: user.name, display_name: user.display_name, email: user.email, enabled: user.enabled, roles: user.roles, groups: user.groups }
}

function Editor({ user }: { user: User | null }) {
  const roles = useRoles().data?.items ?? []
  const groups = useGroups().data?.items ?? []
  const create = useCreateUser()
  const save = useSaveUser()
  const navigate = useNavigate()
  const href = useHref()
  const [wanted, setWanted] = useState(() => changeOf(user))
  const [password, setPassword] = useState('')
  const problem = user || password === '' ? null : passwordProblem(password, wanted.name)
  const leave = () => void navigate(href(paths.administration('users')))
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (user) save.mutate({ id: user.id, body: wanted }, { onSuccess: leave })
    else create.mutate({ ...wanted, password, must_change_password: true }, { onSuccess: leave })
  }
  const failed = create.error ?? save.error
  return (
    <form className={styles.editor} aria-label={user ? `User ${user.name}` : 'New user'} onSubmit={submit}>
      <div className={styles.fields}>
        <TextInput label="User name" required withAsterisk={false} maxLength={255} value={wanted.name} onChange={(e) => setWanted({ ...wanted, name: e.currentTarget.value })} />
        <TextInput label="Full name" maxLength={255} value={wanted.display_name} onChange={(e) => setWanted({ ...wanted, display_name: e.currentTarget.value })} />
        <TextInput label="E-mail" maxLength={255} value={wanted.email} onChange={(e) => setWanted({ ...wanted, email: e.currentTarget.value })} />
        {!user && <PasswordInput label="First password" autoComplete="new-password" description="Has to be changed at the first sign-in" value={password} error={problem} onChange={(e) => setPassword(e.currentTarget.value)} />}
      </div>
      {user && <Switch label="May sign in" checked={wanted.enabled} onChange={(e) => setWanted({ ...wanted, enabled: e.currentTarget.checked })} />}
      <Checks legend="Roles" none="There is no role." choices={roles.map((role) => ({ id: role.id, label: role.name, description: role.description }))} chosen={wanted.roles} onChange={(chosen) => setWanted({ ...wanted, roles: chosen })} />
      <Checks legend="Groups" none="There is no group yet." choices={groups.map((group) => ({ id: group.id, label: group.name, description: group.description }))} chosen={wanted.groups} onChange={(chosen) => setWanted({ ...wanted, groups: chosen })} />
      {wanted.roles.length === 0 && wanted.groups.length === 0 && <p className={styles.hint}>Without a role or a group this user can sign in, and see nothing.</p>}
      {failed && (
        <p className={styles.problem} role="alert">
          {failed.message}
        </p>
      )}
      <div className={styles.actions}>
        <Button type="submit" loading={create.isPending || save.isPending} disabled={wanted.name.trim() === '' || (!user && (password === '' || problem !== null))}>
          {user ? 'Save' : 'Make the user'}
        </Button>
        <Button variant="default" onClick={leave}>
          Cancel
        </Button>
      </div>
    </form>
  )
}

function Access({ user }: { user: User }) {
  const setPassword = useSetPassword()
  const unlock = useUnlock()
  const endSessions = useEndSessions()
  const remove = useDelete('/users')
  const navigate = useNavigate()
  const href = useHref()
  const [password, choose] = useState('')
  const problem = password === '' ? null : passwordProblem(password, user.name)
  const failed = setPassword.error ?? unlock.error ?? endSessions.error ?? remove.error
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setPassword.mutate({ id: user.id, password }, { onSuccess: () => choose('') })
  }
  return (
    <div className={styles.editor}>
      <form className={styles.fields} aria-label="Set a password" onSubmit={submit}>
        <PasswordInput label="Set another password" autoComplete="new-password" description="Has to be changed at the next sign-in; all sessions end" value={password} error={problem} onChange={(e) => choose(e.currentTarget.value)} />
        <div className={styles.actions}>
          <Button type="submit" variant="default" loading={setPassword.isPending} disabled={password === '' || problem !== null}>
            Set the password
          </Button>
          {setPassword.isSuccess && <span role="status">It is set.</span>}
        </div>
      </form>
      {failed && (
        <p className={styles.problem} role="alert">
          {failed.message}
        </p>
      )}
      <div className={styles.actions}>
        {user.locked_until !== null && (
          <Button variant="default" loading={unlock.isPending} title={`Locked until ${exactMoment(user.locked_until)}`} onClick={() => unlock.mutate(user.id)}>
            Unlock
          </Button>
        )}
        <Button variant="default" loading={endSessions.isPending} onClick={() => endSessions.mutate(user.id)}>
          End all sessions
        </Button>
        <Sure
          label={`Delete ${user.name}`}
          word="Delete"
          question={`“${user.name}” is deleted with its saved searches and sessions. What it did stays in the audit log.`}
          busy={remove.isPending}
          onSure={() => remove.mutate(user.id, { onSuccess: () => void navigate(href(paths.administration('users'))) })}
        />
      </div>
    </div>
  )
}
