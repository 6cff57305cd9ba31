import { Button } from '@mantine/core'
import type { Page, User } from '../../api/types'
import { paths } from '../../app/paths'
import { Card } from '../../components/card/Card'
import { RangeLink } from '../../components/link/RangeLink'
import { Loaded } from '../../components/states/Loaded'
import { plural } from '../../format/numbers'
import { ago, exactMoment } from '../../format/times'
import { serverNow } from '../../time/clock'
import administration from '../Administration/Administration.module.css'
import page from '../page.module.css'
import styles from './Access.module.css'
import { Names } from './Checks'
import { useGroups, useRoles, useUsers } from './queries'

/** Who may sign in. */
export function UsersPage() {
  const query = useUsers()
  return (
    <div className={page.page}>
      <Card
        title="Users"
        note={query.data && `${plural(query.data.items.length, 'person', 'people')} who may sign in`}
        actions={
          <Button component={RangeLink} to={`${paths.administration('users')}/new`} size="compact-sm">
            New user
          </Button>
        }
      >
        <Loaded query={query} what="the users">
          {(data: Page<User>) => <UsersTable users={data.items} />}
        </Loaded>
      </Card>
    </div>
  )
}

function UsersTable({ users }: { users: User[] }) {
  const roles = useRoles().data?.items
  const groups = useGroups().data?.items
  return (
    <table className={administration.table} aria-label="Users">
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col">Roles</th>
          <th scope="col">Groups</th>
          <th scope="col">State</th>
          <th scope="col">Last sign-in</th>
        </tr>
      </thead>
      <tbody>
        {users.map((user) => (
          <tr key={user.id} data-off={!user.enabled || undefined}>
            <td>
              <RangeLink to={`${paths.administration('users')}/${user.id}`}>{user.name}</RangeLink>
              {user.display_name && <div className={page.muted}>{user.display_name}</div>}
            </td>
            <td>
              <Names ids={user.roles} of={roles} none="none of its own" />
            </td>
            <td>
              <Names ids={user.groups} of={groups} />
            </td>
            <td>
              <State user={user} />
            </td>
            <td title={user.last_sign_in_at === null ? undefined : exactMoment(user.last_sign_in_at)}>{user.last_sign_in_at === null ? 'never' : ago(user.last_sign_in_at, serverNow())}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

/** Whether a user gets in, and what is in the way. */
export function State({ user }: { user: User }) {
  return (
    <span className={styles.tags}>
      {!user.enabled && (
        <span className={styles.tag} data-tone="crit">
          Disabled
        </span>
      )}
      {user.locked_until !== null && (
        <span className={styles.tag} data-tone="crit" title={`Until ${exactMoment(user.locked_until)}`}>
          Locked: wrong passwords
        </span>
      )}
      {user.must_change_password && (
        <span className={styles.tag} data-tone="warn">
          New password due
        </span>
      )}
      {user.enabled && user.locked_until === null && !user.must_change_password && <span className={styles.tag}>Enabled</span>}
    </span>
  )
}
