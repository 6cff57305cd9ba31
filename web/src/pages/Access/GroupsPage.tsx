import { Button, TextInput } from '@mantine/core'
import { useState, type FormEvent } from 'react'
import { useNavigate, useParams } from 'react-router'
import type { Group, NewGroup, Page } from '../../api/types'
import { paths } from '../../app/paths'
import { useHref } from '../../app/urlState'
import { Card } from '../../components/card/Card'
import { RangeLink } from '../../components/link/RangeLink'
import { Empty } from '../../components/states/Empty'
import { Loaded } from '../../components/states/Loaded'
import { plural } from '../../format/numbers'
import administration from '../Administration/Administration.module.css'
import { Sure } from '../Administration/Sure'
import page from '../page.module.css'
import styles from './Access.module.css'
import { Checks, Names } from './Checks'
import { useDelete, useGroups, useRoles, useSaveGroup, useUsers } from './queries'

/** Groups of users who have the same roles. */
export function GroupsPage() {
  const query = useGroups()
  const roles = useRoles().data?.items
  return (
    <div className={page.page}>
      <Card
        title="Groups"
        note="users who have the same roles together"
        actions={
          <Button component={RangeLink} to={`${paths.administration('groups')}/new`} size="compact-sm">
            New group
          </Button>
        }
      >
        <Loaded query={query} what="the groups">
          {(data: Page<Group>) =>
            data.items.length === 0 ? (
              <Empty title="No group yet">A group gives its roles to all of its users: a team is let in, and out again, in one place.</Empty>
            ) : (
              <table className={administration.table} aria-label="Groups">
                <thead>
                  <tr>
                    <th scope="col">Name</th>
                    <th scope="col">Users</th>
                    <th scope="col">Roles</th>
                  </tr>
                </thead>
                <tbody>
                  {data.items.map((group) => (
                    <tr key={group.id}>
                      <td>
                        <RangeLink to={`${paths.administration('groups')}/${group.id}`}>{group.name}</RangeLink>
                        {group.description && <div className={page.muted}>{group.description}</div>}
                      </td>
                      <td>{plural(group.users.length, 'user')}</td>
                      <td>
                        <Names ids={group.roles} of={roles} />
                      </td>
                    </tr>
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

/** One group, or a new one. */
export function GroupPage() {
  const { groupId } = useParams()
  const query = useGroups()
  return (
    <div className={page.page}>
      {groupId === 'new' ? (
        <Card title="New group">
          <Editor group={null} />
        </Card>
      ) : (
        <Loaded query={query} what="the group">
          {(data: Page<Group>) => {
            const group = data.items.find((one) => String(one.id) === groupId)
            return group ? (
              <Card title={`Group ${group.name}`}>
                <Editor key={group.id} group={group} />
              </Card>
            ) : (
              <Empty title="There is no such group">It may have been deleted.</Empty>
            )
          }}
        </Loaded>
      )}
    </div>
  )
}

/** What of a group is changed here. */
function changeOf(group: Group | null): Required<NewGroup> {
  if (!group) return { name: '', description: '', users: [], roles: [] }
  return { name: group.name, description: group.description, users: group.users, roles: group.roles }
}

function Editor({ group }: { group: Group | null }) {
  const roles = useRoles().data?.items ?? []
  const users = useUsers().data?.items ?? []
  const save = useSaveGroup()
  const remove = useDelete('/groups')
  const navigate = useNavigate()
  const href = useHref()
  const [wanted, setWanted] = useState(() => changeOf(group))
  const leave = () => void navigate(href(paths.administration('groups')))
  const submit = (event: FormEvent) => {
    event.preventDefault()
    save.mutate({ id: group?.id ?? null, body: wanted }, { onSuccess: leave })
  }
  const failed = save.error ?? remove.error
  return (
    <form className={styles.editor} aria-label={group ? `Group ${group.name}` : 'New group'} onSubmit={submit}>
      <div className={styles.fields}>
        <TextInput label="Name" required withAsterisk={false} maxLength={255} value={wanted.name} onChange={(e) => setWanted({ ...wanted, name: e.currentTarget.value })} />
        <TextInput label="What it is for" maxLength={255} value={wanted.description} onChange={(e) => setWanted({ ...wanted, description: e.currentTarget.value })} />
      </div>
      <Checks legend="Roles" none="There is no role." choices={roles.map((role) => ({ id: role.id, label: role.name, description: role.description }))} chosen={wanted.roles} onChange={(chosen) => setWanted({ ...wanted, roles: chosen })} />
      <Checks legend="Users" none="There is no user." choices={users.map((user) => ({ id: user.id, label: user.name, description: user.display_name }))} chosen={wanted.users} onChange={(chosen) => setWanted({ ...wanted, users: chosen })} />
      {failed && (
        <p className={styles.problem} role="alert">
          {failed.message}
        </p>
      )}
      <div className={styles.actions}>
        <Button type="submit" loading={save.isPending} disabled={wanted.name.trim() === ''}>
          {group ? 'Save' : 'Make the group'}
        </Button>
        <Button variant="default" onClick={leave}>
          Cancel
        </Button>
        {group && (
          <Sure
            label={`Delete the group ${group.name}`}
            word="Delete"
            question={`Its ${plural(group.users.length, 'user')} lose the roles that they have by “${group.name}” only.`}
            busy={remove.isPending}
            onSure={() => remove.mutate(group.id, { onSuccess: leave })}
          />
        )}
      </div>
    </form>
  )
}
