import { Autocomplete, Button, SegmentedControl, Tooltip, ActionIcon } from '@mantine/core'
import { IconFocus2, IconLayoutDistributeHorizontal, IconSearch, IconX } from '@tabler/icons-react'
import { useMemo, useState } from 'react'
import type { FlowMap } from '../../api/types'
import styles from './FlowMapPanel.module.css'

const VIEWS = [
  { value: 'map', label: 'Map' },
  { value: 'table', label: 'Table' },
]
const HOPS = ['1', '2', '3', '4']

interface Props {
  map: FlowMap
  table: boolean
  focusName: string | null
  hops: number
  groups: number
  expandedAll: boolean
  onFind(entity: number): void
  onView(table: boolean): void
  onHops(hops: number): void
  onUnfocus(): void
  onToggleGroups(): void
  onArrange(): void
}

export function FlowToolbar(props: Props) {
  const { map, table, focusName, hops, groups, expandedAll, onFind, onView, onHops, onUnfocus, onToggleGroups, onArrange } = props
  return (
    <>
      {focusName !== null && (
        <div className={styles.focus}>
          <IconFocus2 size={14} aria-hidden />
          <span>
            Around <b>{focusName}</b>
          </span>
          <SegmentedControl aria-label="Hops" data={HOPS} value={String(hops)} onChange={(value) => onHops(Number(value))} />
          hops
          <ActionIcon variant="subtle" color="gray" size="sm" aria-label="Show the whole map" onClick={onUnfocus}>
            <IconX size={14} />
          </ActionIcon>
        </div>
      )}
      {groups > 0 && !table && (
        <Button variant="default" onClick={onToggleGroups}>
          {expandedAll ? 'Group' : 'Open all groups'}
        </Button>
      )}
      <EntitySearch map={map} onFind={onFind} />
      {!table && (
        <Tooltip label="Lay out anew (dragged places are lost)">
          <ActionIcon variant="default" size={30} aria-label="Lay out anew" onClick={onArrange}>
            <IconLayoutDistributeHorizontal size={16} stroke={1.7} />
          </ActionIcon>
        </Tooltip>
      )}
      <SegmentedControl aria-label="Show as" data={VIEWS} value={table ? 'table' : 'map'} onChange={(value) => onView(value === 'table')} />
    </>
  )
}

function EntitySearch({ map, onFind }: { map: FlowMap; onFind(entity: number): void }) {
  const [round, setRound] = useState(0)
  const byName = useMemo(() => new Map(map.nodes.map((n) => [n.name, n.id])), [map])
  return (
    // A new one after each choice: choosing would leave the name standing in it.
    <Autocomplete
      key={round}
      w={210}
      size="xs"
      aria-label="Find a tier or backend"
      placeholder="Find a tier or backend"
      leftSection={<IconSearch size={14} />}
      data={[...byName.keys()]}
      limit={12}
      // Room for all of them: a list that scrolls would have to be reachable by keyboard for itself.
      maxDropdownHeight={460}
      comboboxProps={{ width: 280, position: 'bottom-end' }}
      onOptionSubmit={(name) => {
        const id = byName.get(name)
        if (id !== undefined) onFind(id)
        setRound(round + 1)
      }}
    />
  )
}
