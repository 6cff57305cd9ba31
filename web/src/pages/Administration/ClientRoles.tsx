import { Button, Popover } from '@mantine/core'
import { useState } from 'react'
import type { ApiClient, Role } from '../../api/types'
import { Checks, Names } from '../Access/Checks'
import { useRoles } from '../Access/queries'
import styles from './Administration.module.css'
import { useChangeClient } from './queries'

export function RoleChecks({ roles, chosen, onChange }: { roles: Role[] | undefined; chosen: number[]; onChange(chosen: number[]): void }) {
  return (
    <Checks
      legend="What it may: its roles"
      none="Roles are seen by who may administer users."
      choices={(roles ?? []).map((role) => ({ id: role.id, label: role.name, description: role.description }))}
      chosen={chosen}
      onChange={onChange}
    />
  )
}

/** The roles of a client, and other ones for it. */
export function ClientRoles({ client }: { client: ApiClient }) {
  const roles = useRoles().data?.items
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
      <Names ids={client.roles} of={roles} none="none: it may nothing" />
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
