import { Autocomplete, Button, Menu, Popover } from '@mantine/core'
import { useState } from 'react'
import type { BusinessTransaction, TransactionGroup } from '../../api/types'
import { plural } from '../../format/numbers'
import styles from './BusinessTransactions.module.css'
import { putBackground, putExclusion, putGroup, useChange } from './queries'

interface Props {
  application: number
  selected: BusinessTransaction[]
  groups: TransactionGroup[]
  onDone(): void
}

/** What can be done with the ticked business transactions at once. */
export function SelectedActions({ application, selected, groups, onDone }: Props) {
  const each = useChange((of: (bt: BusinessTransaction) => Promise<unknown>) => Promise.all(selected.map(of)))
  const run = (of: (bt: BusinessTransaction) => Promise<unknown>) => each.mutate(of, { onSuccess: onDone })
  return (
    <div className={styles.selected} role="toolbar" aria-label="With the ticked business transactions">
      <b>{plural(selected.length, 'transaction')} ticked</b>
      <GroupButton application={application} selected={selected} groups={groups} onDone={onDone} />
      <Menu position="bottom-start">
        <Menu.Target>
          <Button variant="default" size="xs" loading={each.isPending}>
            Background
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => run((bt) => putBackground(bt.id, true))}>Background work: out of the key figures</Menu.Item>
          <Menu.Item onClick={() => run((bt) => putBackground(bt.id, false))}>A user waits for it: in the key figures</Menu.Item>
          <Menu.Item onClick={() => run((bt) => putBackground(bt.id, null))}>As its name or kind tells</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <ExcludeButton selected={selected} busy={each.isPending} onSure={() => run((bt) => putExclusion(bt.id, true))} />
      <Button variant="subtle" size="xs" onClick={onDone}>
        Untick
      </Button>
      {each.error && <span role="alert">{each.error.message}</span>}
    </div>
  )
}

function GroupButton({ application, selected, groups, onDone }: Props) {
  const [open, setOpen] = useState(false)
  const [name, setName] = useState('')
  const known = groups.find((group) => group.name === name.trim())
  const put = useChange(() => {
    const members = new Set([...(known?.business_transactions.map((bt) => bt.id) ?? []), ...selected.map((bt) => bt.id)])
    return putGroup(application, { id: known?.id ?? null, name: name.trim() }, [...members])
  })
  const submit = () => name.trim() && put.mutate(undefined, { onSuccess: onDone })
  return (
    <Popover opened={open} onChange={setOpen} position="bottom-start" width={280} trapFocus>
      <Popover.Target>
        <Button variant="default" size="xs" onClick={() => setOpen(!open)}>
          Group
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <form
          className={styles.form}
          onSubmit={(event) => {
            event.preventDefault()
            submit()
          }}
        >
          <Autocomplete label="Name of the group" placeholder="A new one, or one there is" data={groups.map((group) => group.name)} value={name} onChange={setName} comboboxProps={{ withinPortal: false }} error={put.error?.message} />
          <Button type="submit" disabled={!name.trim()} loading={put.isPending}>
            {known ? 'Add to the group' : 'Make the group'}
          </Button>
        </form>
      </Popover.Dropdown>
    </Popover>
  )
}

function ExcludeButton({ selected, busy, onSure }: { selected: BusinessTransaction[]; busy: boolean; onSure(): void }) {
  const [open, setOpen] = useState(false)
  const other = selected.find((bt) => bt.other_traffic)
  return (
    <Popover opened={open} onChange={setOpen} position="bottom-start" width={320} trapFocus>
      <Popover.Target>
        <Button variant="default" size="xs" loading={busy} onClick={() => setOpen(!open)}>
          Exclude
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <div className={styles.form}>
          {other ? (
            <p>“{other.name}” holds what has no business transaction of its own and cannot be excluded. Untick it first.</p>
          ) : (
            <>
              <p>From the next minute on, requests of {selected.length === 1 ? `“${selected[0]?.name}”` : plural(selected.length, 'transaction')} count for no business transaction. They still count on tiers, nodes and calls. It can be restored under “Excluded”.</p>
              <Button
                color="red.9"
                onClick={() => {
                  setOpen(false)
                  onSure()
                }}
              >
                Exclude
              </Button>
            </>
          )}
        </div>
      </Popover.Dropdown>
    </Popover>
  )
}
