import { Button } from '@mantine/core'
import { useParams } from 'react-router'
import type { Page, Role } from '../../api/types'
import { paths } from '../../app/paths'
import { Card } from '../../components/card/Card'
import { RangeLink } from '../../components/link/RangeLink'
import { Empty } from '../../components/states/Empty'
import { Loaded } from '../../components/states/Loaded'
import { plural } from '../../format/numbers'
import administration from '../Administration/Administration.module.css'
import page from '../page.module.css'
import styles from './Access.module.css'
import { useRoles } from './queries'
import { RoleEditor } from './RoleEditor'

/** Roles: named sets of permissions. */
export function RolesPage() {
  const query = useRoles()
  return (
    <div className={page.page}>
      <Card
        title="Roles"
        note="what users, groups and API clients may"
        actions={
          <Button component={RangeLink} to={`${paths.administration('roles')}/new`} size="compact-sm">
            New role
          </Button>
        }
      >
        <Loaded query={query} what="the roles">
          {(data: Page<Role>) => (
            <table className={administration.table} aria-label="Roles">
              <thead>
                <tr>
                  <th scope="col">Name</th>
                  <th scope="col">Over the account</th>
                  <th scope="col">Over single applications</th>
                </tr>
              </thead>
              <tbody>
                {data.items.map((role) => (
                  <RoleRow key={role.id} role={role} />
                ))}
              </tbody>
            </table>
          )}
        </Loaded>
      </Card>
    </div>
  )
}

function RoleRow({ role }: { role: Role }) {
  const account = role.grants.filter((grant) => grant.application === null)
  const applications = new Set(role.grants.filter((grant) => grant.application !== null).map((grant) => grant.application))
  return (
    <tr>
      <td>
        <RangeLink to={`${paths.administration('roles')}/${role.id}`}>{role.name}</RangeLink>
        <div className={page.muted}>{role.predefined ? `Predefined. ${role.description}` : role.description}</div>
      </td>
      <td>
        <span className={styles.tags}>
          {account.length === 0 ? <span className={styles.hint}>nothing</span> : account.map((grant) => <span key={grant.permission} className={styles.tag}>{grant.permission.replaceAll('-', ' ')}</span>)}
        </span>
      </td>
      <td>{applications.size === 0 ? <span className={styles.hint}>none</span> : plural(applications.size, 'application')}</td>
    </tr>
  )
}

/** One role, or a new one. */
export function RolePage() {
  const { roleId } = useParams()
  const query = useRoles()
  return (
    <div className={page.page}>
      {roleId === 'new' ? (
        <Card title="New role">
          <RoleEditor known={null} />
        </Card>
      ) : (
        <Loaded query={query} what="the role">
          {(data: Page<Role>) => {
            const role = data.items.find((one) => String(one.id) === roleId)
            return role ? (
              <Card title={`Role ${role.name}`} note={role.predefined ? 'predefined: it can be neither changed nor deleted' : undefined}>
                <RoleEditor key={role.id} known={role} />
              </Card>
            ) : (
              <Empty title="There is no such role">It may have been deleted.</Empty>
            )
          }}
        </Loaded>
      )}
    </div>
  )
}
