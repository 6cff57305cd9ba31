import { Button, Popover } from '@mantine/core'
import { useState } from 'react'
import type { ApiClient } from '../../api/types'
import { Loading } from '../../components/states/Loading'
import { Checks, Names } from '../Access/Checks'
import { useRoles } from '../Access/queries'
import styles from './Administration.module.css'
import { useChangeClient } from './queries'

/** Before the roles are known it is as high as with them. */
export function RoleChecks({ roles, chosen, onChange }: { roles: Pick<ReturnType<typeof useRoles>, 'data' | 'isPending'>; chosen: number[]; onChange(chosen: number[]): void }) {
  if (roles.isPending) return <Loading what="the roles" lines={2} />
  return (
    <Checks
      legend="What it may: its roles"
      none="Roles are seen by who may administer users."
      choices={(roles.data?.items ?? []).map((role) => ({ id: role.id, label: role.name, description: role.description }))}
      chosen={chosen}
      onChange={onChange}
    />
  )
}

/** The roles of a client, and other ones for it. */
export function ClientRoles({ client }: { client: ApiClient }) {
  const roles = useRoles()
  const change = useChangeClient()
  const [open, setOpen] = useState(false)
  const [chosen, setChosen] = useState(client.roles)
  const begin = () => {
    setChosen(client.roles)
    setOpen(!open)
  }
  const save = () => change.mutate({ id: client.id, description: client.description, token_seconds: client.token_seconds, roles: chosen }, { onSuccess: () => setOpen(false) })
  return (
    <span className={styles.key}>
      <Names ids={client.roles} of={roles.data?.items} none="none: it may nothing" />
      <Popover opened={open} onChange={setOpen} position="bottom-start" width={320} trapFocus>
        <Popover.Target>
          <Button variant="subtle" size="compact-xs" aria-label={`Change the roles of ${client.name}`} onClick={begin}>
            Change
          </Button>
        </Popover.Target>
        <Popover.Dropdown>
          <RoleChecks roles={roles} chosen={chosen} onChange={setChosen} />
          {change.error && <p role="alert">{change.error.message}</p>}
          <Button mt={10} size="compact-sm" loading={change.isPending} onClick={save}>
            Save
          </Button>
        </Popover.Dropdown>
      </Popover>
    </span>
  )
}
