import { Button, Checkbox, NativeSelect, TextInput } from '@mantine/core'
import { useState, type FormEvent } from 'react'
import { useNavigate } from 'react-router'
import { useApplications } from '../../api/queries'
import type { Permissions, Role } from '../../api/types'
import { paths } from '../../app/paths'
import { useHref } from '../../app/urlState'
import { Loaded } from '../../components/states/Loaded'
import { Sure } from '../Administration/Sure'
import styles from './Access.module.css'
import { grantsOf, rowsOf, toggled, type Row } from './grants'
import { useDelete, usePermissions, useSaveRole } from './queries'

/** A role's name and its matrix of permissions. */
export function RoleEditor({ known: role }: { known: Role | null }) {
  const permissions = usePermissions()
  const save = useSaveRole()
  const remove = useDelete('/roles')
  const navigate = useNavigate()
  const href = useHref()
  const [name, setName] = useState(role?.name ?? '')
  const [description, setDescription] = useState(role?.description ?? '')
  const [rows, setRows] = useState(() => rowsOf(role?.grants ?? []))
  const leave = () => void navigate(href(paths.administration('roles')))
  const fixed = role?.predefined ?? false
  const submit = (event: FormEvent) => {
    event.preventDefault()
    save.mutate({ id: role?.id ?? null, body: { name, description, grants: grantsOf(rows) } }, { onSuccess: leave })
  }
  const failed = save.error ?? remove.error
  return (
    <form className={styles.editor} aria-label={role ? `Role ${role.name}` : 'New role'} onSubmit={submit}>
      <div className={styles.fields}>
        <TextInput label="Name" required withAsterisk={false} disabled={fixed} maxLength={255} value={name} onChange={(e) => setName(e.currentTarget.value)} />
        <TextInput label="What it is for" disabled={fixed} maxLength={255} value={description} onChange={(e) => setDescription(e.currentTarget.value)} />
      </div>
      <Loaded query={permissions} what="the permissions">
        {(data: Permissions) => <Matrix permissions={data} rows={rows} fixed={fixed} onChange={setRows} />}
      </Loaded>
      {failed && (
        <p className={styles.problem} role="alert">
          {failed.message}
        </p>
      )}
      <div className={styles.actions}>
        {!fixed && (
          <Button type="submit" loading={save.isPending} disabled={name.trim() === ''}>
            {role ? 'Save' : 'Make the role'}
          </Button>
        )}
        <Button variant="default" onClick={leave}>
          {fixed ? 'Back' : 'Cancel'}
        </Button>
        {role && !fixed && (
          <Sure label={`Delete the role ${role.name}`} word="Delete" question={`Whoever has “${role.name}” loses what it allows at once.`} busy={remove.isPending} onSure={() => remove.mutate(role.id, { onSuccess: leave })} />
        )}
      </div>
    </form>
  )
}

interface MatrixProps {
  permissions: Permissions
  rows: Row[]
  fixed: boolean
  onChange(rows: Row[]): void
}

/** A row for the account and one for each application with permissions of its own; a column for each permission. */
function Matrix({ permissions, rows, fixed, onChange }: MatrixProps) {
  const applications = useApplications().data?.items ?? []
  const nameOf = (id: number | null) => (id === null ? 'All of the account' : (applications.find((one) => one.id === id)?.name ?? `Application ${id}`))
  const account = rows[0]?.held ?? new Set<string>()
  const others = applications.filter((one) => rows.every((row) => row.application !== one.id))
  return (
    <div className={styles.scroll}>
      <table className={styles.matrix} aria-label="Permissions">
        <thead>
          <tr>
            <th scope="col">Over</th>
            {permissions.items.map((permission) => (
              <th key={permission.name} scope="col" title={`May ${permission.allows}`}>
                {permission.name.replaceAll('-', ' ')}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.application ?? 'account'}>
              <th scope="row">{nameOf(row.application)}</th>
              {permissions.items.map((permission) => (
                <td key={permission.name}>
                  {row.application === null || permission.of_applications ? (
                    <Checkbox
                      size="xs"
                      aria-label={`${permission.name.replaceAll('-', ' ')} over ${nameOf(row.application)}`}
                      title={`May ${permission.allows}`}
                      disabled={fixed || (row.application !== null && account.has(permission.name))}
                      checked={row.held.has(permission.name) || account.has(permission.name)}
                      onChange={() => onChange(toggled(rows, row.application, permission.name))}
                    />
                  ) : null}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {!fixed && others.length > 0 && (
        <div className={styles.add}>
          <NativeSelect
            size="xs"
            aria-label="Add permissions over one application"
            value=""
            data={[{ value: '', label: 'Add permissions over one application …' }, ...others.map((one) => ({ value: String(one.id), label: one.name }))]}
            onChange={(e) => e.currentTarget.value && onChange([...rows, { application: Number(e.currentTarget.value), held: new Set(['view']) }])}
          />
        </div>
      )}
      <p className={styles.hint}>Who may do something in all of the account may do it in every application, those to come included.</p>
    </div>
  )
}
