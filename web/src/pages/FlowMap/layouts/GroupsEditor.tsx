import { ActionIcon, Button, MultiSelect, SegmentedControl, TextInput } from '@mantine/core'
import { IconX } from '@tabler/icons-react'
import { useState } from 'react'
import type { FlowMap, LayoutGroup } from '../../../api/types'
import { plural } from '../../../format/numbers'
import { membersOf } from '../model/ownGroups'
import styles from './Layouts.module.css'

const WAYS = [
  { value: 'prefix', label: 'By prefix' },
  { value: 'hand', label: 'By hand' },
]

interface Props {
  map: FlowMap
  groups: LayoutGroup[]
  onChange(groups: LayoutGroup[]): void
}

/** What a layout draws as one: tiers whose names begin alike, later ones too, or entities chosen by hand. */
export function GroupsEditor({ map, groups, onChange }: Props) {
  return (
    <div className={styles.groups}>
      <h4>Drawn as one</h4>
      {groups.length > 0 && (
        <ul aria-label="Groups of the layout">
          {groups.map((group) => (
            <li key={group.name}>
              <span>
                {group.name} <small>{group.prefix ? `${group.prefix}…, ` : ''}{plural(membersOf(map, group).length, 'entity', 'entities')}</small>
              </span>
              <ActionIcon variant="subtle" color="gray" size="sm" aria-label={`Ungroup ${group.name}`} onClick={() => onChange(groups.filter((g) => g !== group))}>
                <IconX size={13} />
              </ActionIcon>
            </li>
          ))}
        </ul>
      )}
      <NewGroup map={map} taken={groups.map((g) => g.name)} onMake={(group) => onChange([...groups, group])} />
    </div>
  )
}

function NewGroup({ map, taken, onMake }: { map: FlowMap; taken: string[]; onMake(group: LayoutGroup): void }) {
  const [way, setWay] = useState('prefix')
  const [prefix, setPrefix] = useState('')
  const [name, setName] = useState('')
  const [members, setMembers] = useState<string[]>([])
  const called = name.trim() || (way === 'prefix' ? `${prefix.trim()}…` : '')
  const group: LayoutGroup = way === 'prefix' ? { name: called, prefix: prefix.trim(), members: [] } : { name: called, prefix: '', members: members.map(Number) }
  const found = membersOf(map, group).length
  const valid = called !== '' && !taken.includes(called) && found > 0
  const make = () => {
    onMake(group)
    setPrefix('')
    setName('')
    setMembers([])
  }
  const options = map.nodes.map((n) => ({ value: String(n.id), label: n.name }))
  return (
    <form
      className={styles.make}
      onSubmit={(event) => {
        event.preventDefault()
        if (valid) make()
      }}
    >
      <SegmentedControl size="xs" aria-label="How to group" data={WAYS} value={way} onChange={setWay} />
      {way === 'prefix' ? (
        <TextInput aria-label="Names begin with" placeholder="Names of tiers begin with …" value={prefix} onChange={(event) => setPrefix(event.currentTarget.value)} />
      ) : (
        <MultiSelect aria-label="Entities of the group" placeholder="Choose entities" data={options} value={members} onChange={setMembers} searchable comboboxProps={{ withinPortal: false }} maxDropdownHeight={180} />
      )}
      <div className={styles.row}>
        <TextInput aria-label="Name of the group" placeholder={way === 'prefix' ? 'Name (as the prefix)' : 'Name'} value={name} onChange={(event) => setName(event.currentTarget.value)} />
        <Button type="submit" variant="default" disabled={!valid}>
          Group{found > 0 ? ` ${found}` : ''}
        </Button>
      </div>
    </form>
  )
}
