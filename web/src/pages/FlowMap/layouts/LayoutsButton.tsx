import { ActionIcon, Button, Checkbox, Popover, TextInput } from '@mantine/core'
import { IconCheck, IconLayoutGrid, IconTrash } from '@tabler/icons-react'
import { useState } from 'react'
import { useMay } from '../../../access/may'
import type { FlowMap, LayoutPosition, SavedLayoutDetail } from '../../../api/types'
import { GroupsEditor } from './GroupsEditor'
import styles from './Layouts.module.css'
import { useLayoutChanges } from './queries'
import type { ChosenLayout } from './useChosenLayout'

interface Props {
  map: FlowMap
  layout: ChosenLayout
}

interface ButtonProps extends Props {
  application: number
  /** Where everything stands on the screen. */
  positions: LayoutPosition[]
}

/** The layouts of a map: choose, save as, rename, make the default, group tiers, delete. Who may not change them chooses. */
export function LayoutsButton({ map, layout, application, positions }: ButtonProps) {
  const { chosen, layouts, choose, open, setOpen } = layout
  const mayChange = useMay()('configure', application)
  if (!mayChange && layouts.length === 0) return null
  return (
    <Popover opened={open} onChange={setOpen} position="bottom-end" width={330} trapFocus>
      <Popover.Target>
        <Button variant="default" leftSection={<IconLayoutGrid size={14} />} onClick={() => setOpen(!open)} aria-label="Layouts of the map">
          {chosen ? chosen.name : 'Layout'}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <div className={styles.panel}>
          <ul className={styles.list} aria-label="Layouts">
            <li>
              <button type="button" aria-pressed={chosen === null} onClick={() => choose(null)}>
                {chosen === null ? <IconCheck size={14} aria-hidden /> : <i />}
                <span>The map’s own places</span>
              </button>
            </li>
            {layouts.map((one) => (
              <li key={one.id}>
                <button type="button" aria-pressed={chosen?.id === one.id} onClick={() => choose(one.id)}>
                  {chosen?.id === one.id ? <IconCheck size={14} aria-hidden /> : <i />}
                  <span>{one.name}</span>
                  {one.default && <small>default</small>}
                </button>
              </li>
            ))}
          </ul>
          {mayChange && chosen && <Chosen key={chosen.id} map={map} layout={layout} chosen={chosen} />}
          {mayChange && <SaveAs layout={layout} positions={positions} />}
        </div>
      </Popover.Dropdown>
    </Popover>
  )
}

/** What stands on the map now, under a new name. */
function SaveAs({ layout, positions }: Pick<ButtonProps, 'layout' | 'positions'>) {
  const [name, setName] = useState('')
  const { create } = useLayoutChanges(layout.scope)
  const save = () => {
    create.mutate(
      { scope: layout.scope, name: name.trim(), default: false, positions, groups: layout.chosen?.groups ?? [] },
      {
        onSuccess: ({ id }) => {
          setName('')
          layout.choose(id)
        },
      },
    )
  }
  return (
    <form
      className={styles.row}
      onSubmit={(event) => {
        event.preventDefault()
        if (name.trim()) save()
      }}
    >
      <TextInput aria-label="Name of a new layout" placeholder="Save as …" value={name} onChange={(event) => setName(event.currentTarget.value)} error={create.error?.message} />
      <Button type="submit" variant="default" disabled={!name.trim()} loading={create.isPending}>
        Save
      </Button>
    </form>
  )
}

function Chosen({ map, layout, chosen }: Props & { chosen: SavedLayoutDetail }) {
  const [name, setName] = useState(chosen.name)
  const [sure, setSure] = useState(false)
  const { replace, remove } = useLayoutChanges(layout.scope)
  const put = (change: Partial<SavedLayoutDetail>) => replace.mutate({ id: chosen.id, layout: { ...chosen, ...change } })
  const problem = replace.error ?? remove.error
  return (
    <section className={styles.chosen} aria-label={`Layout ${chosen.name}`}>
      <form
        className={styles.row}
        onSubmit={(event) => {
          event.preventDefault()
          if (name.trim()) put({ name: name.trim() })
        }}
      >
        <TextInput aria-label="Name of this layout" value={name} onChange={(event) => setName(event.currentTarget.value)} />
        <Button type="submit" variant="default" disabled={!name.trim() || name.trim() === chosen.name} loading={replace.isPending}>
          Rename
        </Button>
      </form>
      <div className={styles.row}>
        <Checkbox label="Shown by default" checked={replace.isPending ? replace.variables.layout.default : chosen.default} onChange={(event) => put({ default: event.currentTarget.checked })} />
        {sure ? (
          <Button color="red.9" size="compact-xs" onClick={() => remove.mutate(chosen.id, { onSuccess: () => layout.choose(null) })}>
            Delete it
          </Button>
        ) : (
          <ActionIcon variant="subtle" color="gray" aria-label={`Delete the layout ${chosen.name}`} onClick={() => setSure(true)}>
            <IconTrash size={14} />
          </ActionIcon>
        )}
      </div>
      <GroupsEditor map={map} groups={chosen.groups ?? []} onChange={(groups) => put({ groups })} />
      {(problem ?? layout.problem) && <p role="alert">{problem?.message ?? layout.problem}</p>}
    </section>
  )
}
