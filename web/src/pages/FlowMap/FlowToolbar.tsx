import { Autocomplete, Button, Checkbox, SegmentedControl, Select, Tooltip, ActionIcon } from '@mantine/core'
import { IconFocus2, IconLayoutDistributeHorizontal, IconSearch, IconX } from '@tabler/icons-react'
import { useMemo, useState, type ReactNode } from 'react'
import type { FlowMap } from '../../api/types'
import { useCounted } from './counted'
import styles from './FlowMapPanel.module.css'
import type { MapFilter } from './model/filter'
import type { FlowMapState } from './useFlowMapState'

const VIEWS = [
  { value: 'map', label: 'Map' },
  { value: 'table', label: 'Table' },
  { value: 'changes', label: 'Changes' },
]
/** Calls per minute that a call has to have to be shown. */
const RATES = [0, 0.1, 1, 10, 100, 1000].map((rate) => ({ value: String(rate), label: rate ? `≥ ${rate.toLocaleString('en')} calls/min` : 'All calls' }))
const HOPS = ['1', '2', '3', '4']

interface Props {
  map: FlowMap
  view: FlowMapState['view']
  filter: MapFilter
  focusName: string | null
  hops: number
  groups: number
  expandedAll: boolean
  onFind(entity: number): void
  onFilter(filter: MapFilter): void
  onView(view: string): void
  onHops(hops: number): void
  onUnfocus(): void
  onToggleGroups(): void
  onArrange(): void
  /** Chooses and keeps layouts. */
  layouts: ReactNode
}

export function FlowToolbar(props: Props) {
  const { map, view, filter, onFilter, focusName, hops, groups, expandedAll, onFind, onView, onHops, onUnfocus, onToggleGroups, onArrange, layouts } = props
  // Of a sample of traces there are no rates to filter by or to compare.
  const sampled = useCounted() === 'trace'
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
      {view === 'map' && !sampled && <Filters filter={filter} onFilter={onFilter} />}
      {groups > 0 && view === 'map' && (
        <Button variant="default" onClick={onToggleGroups}>
          {expandedAll ? 'Group' : 'Open all groups'}
        </Button>
      )}
      {view !== 'changes' && <EntitySearch map={map} onFind={onFind} />}
      {view === 'map' && layouts}
      {view === 'map' && (
        <Tooltip label="Lay out anew (dragged places are lost)">
          <ActionIcon variant="default" size={30} aria-label="Lay out anew" onClick={onArrange}>
            <IconLayoutDistributeHorizontal size={16} stroke={1.7} />
          </ActionIcon>
        </Tooltip>
      )}
      <SegmentedControl aria-label="Show as" data={sampled ? VIEWS.filter((v) => v.value !== 'changes') : VIEWS} value={view} onChange={onView} />
    </>
  )
}

function Filters({ filter, onFilter }: { filter: MapFilter; onFilter(filter: MapFilter): void }) {
  const value = String(filter.minCalls)
  const data = RATES.some((rate) => rate.value === value) ? RATES : [...RATES, { value, label: `≥ ${value} calls/min` }]
  return (
    <>
      <Checkbox size="xs" label="Only failing" title="Only calls and entities with errors in this range" checked={filter.errorsOnly} onChange={(e) => onFilter({ ...filter, errorsOnly: e.currentTarget.checked })} />
      <Select size="xs" w={152} aria-label="Least calls per minute" data={data} value={value} allowDeselect={false} onChange={(rate) => onFilter({ ...filter, minCalls: Number(rate) })} />
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
