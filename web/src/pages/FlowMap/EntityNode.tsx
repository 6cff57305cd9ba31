import { Handle, Position, type Node, type NodeProps } from '@xyflow/react'
import { IconAlertTriangle, IconArrowBarToRight, IconPinFilled } from '@tabler/icons-react'
import { createContext, memo, useContext } from 'react'
import { StateIcon } from '../../components/baseline/BaselineState'
import { healthOf } from '../../components/baseline/state'
import { SeverityIcon } from '../../components/figures/ErrorShare'
import { EntityIcon } from '../../components/EntityIcon'
import { Middle } from '../../components/name/Middle'
import { nameParts } from '../../format/names'
import { count, plural, responseTime } from '../../format/numbers'
import { severityOf } from '../../format/severity'
import { errorsOf, Load, useCounted } from './counted'
import styles from './EntityNode.module.css'
import { MapHealth } from './mapHealth'
import type { MapNode } from './model/view'
import { summaryOf } from './summary'

export type EntityNodeType = Node<{ entity: MapNode; dimmed: boolean }, 'entity'>

/** How much of a box and an edge can be read: all, the name and the main figures in larger letters, or the name alone. */
export type ZoomLevel = 'near' | 'far' | 'tiny'

export const ZoomContext = createContext<ZoomLevel>('near')

const GROUPS: Record<string, string> = { tier: 'tier', MESSAGING: 'queue' }

/** What stands under the name: how many processes, members, or which system. */
export function subtitleOf(entity: MapNode): string {
  if (entity.kind === 'node') return 'this node'
  if (entity.kind === 'tier') return entity.nodes > 0 ? plural(entity.nodes, 'node') : 'tier'
  if (entity.kind === 'group') return plural(entity.members.length, GROUPS[entity.type] ?? 'backend')
  if (entity.kind === 'application') return entity.nodes > 0 ? plural(entity.nodes, 'node') : 'other application'
  return entity.system ?? entity.type.toLowerCase()
}

export const EntityNode = memo(function EntityNode({ data: { entity, dimmed }, selected }: NodeProps<EntityNodeType>) {
  const severity = severityOf(entity.figures)
  const f = entity.figures
  const counted = useCounted()
  const zoom = useContext(ZoomContext)
  const summary = summaryOf(entity, counted)
  return (
    <div className={styles.node} data-kind={entity.kind} data-type={entity.type} data-severity={healthOf(f)} data-errors={severity} data-state={f?.deviation?.state} data-selected={selected || undefined} data-dimmed={dimmed || undefined} title={summary}>
      <Handle type="target" position={Position.Left} isConnectable={false} className={styles.handle} />
      {entity.entry && (
        <span className={styles.entry} title="Transactions enter here">
          <IconArrowBarToRight size={13} stroke={2.2} role="img" aria-label="Transactions enter here" />
        </span>
      )}
      <div className={styles.head}>
        <EntityIcon kind={entity.kind} type={entity.type} size={16} />
        <span className={styles.name}>
          <Middle text={nameParts(entity).name} title={summary} />
        </span>
        <SeverityIcon severity={severity} size={14} />
        <StateIcon state={f?.deviation?.state} size={15} />
        <MapHealth entity={entity} />
        {entity.hints.length > 0 && <IconAlertTriangle size={14} role="img" aria-label={entity.hints.join(' ')} />}
        {zoom === 'near' && entity.pinned && <IconPinFilled size={10} className={styles.pin} role="img" aria-label="Placed by hand" />}
      </div>
      {zoom !== 'tiny' && (
        <div className={styles.figures}>
          {f && f.calls > 0 ? (
            <>
              <Load figures={f} />
              <span className={styles.time} data-state={f.deviation?.response_time?.state}>
                <b>{responseTime(f.average_ms)}</b>
              </span>
            </>
          ) : (
            <span className={styles.none}>{f ? 'no calls' : 'no data'}</span>
          )}
        </div>
      )}
      {zoom === 'near' && (
        <div className={styles.sub}>
          <span>{entity.kind === 'group' ? `× ${count(entity.members.length)}` : subtitleOf(entity)}</span>
          {f && f.calls > 0 && <span className={styles.errors}>{errorsOf(f, counted)}</span>}
        </div>
      )}
      <Handle type="source" position={Position.Right} isConnectable={false} className={styles.handle} />
    </div>
  )
})
