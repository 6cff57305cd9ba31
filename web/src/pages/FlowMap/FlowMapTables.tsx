import { useMemo } from 'react'
import type { FlowMap, FlowMapEdge, FlowMapNode } from '../../api/types'
import { EntityIcon } from '../../components/EntityIcon'
import { Middle } from '../../components/name/Middle'
import { figureColumns } from '../../components/figures/columns'
import { DataTable, type Column } from '../../components/table/DataTable'
import { nameParts, systemText } from '../../format/names'
import { count } from '../../format/numbers'
import page from '../page.module.css'
import styles from './FlowMapPanel.module.css'
import { edgeId } from './model/view'

const ENTITY_FACTS: Column<FlowMapNode>[] = [
  { key: 'kind', label: 'Kind', value: (n) => n.kind, render: (n) => (n.kind === 'backend' ? n.type.toLowerCase() : n.kind) },
  { key: 'system', label: 'System', value: (n) => n.system, render: (n) => (n.kind === 'tier' || n.kind === 'application' ? (n.system ?? '–') : systemText(n)) },
  { key: 'nodes', label: 'Nodes', numeric: true, value: (n) => (n.kind === 'tier' ? n.nodes : null), render: (n) => (n.kind === 'tier' ? count(n.nodes) : '–') },
  ...figureColumns<FlowMapNode>((n) => n.figures),
]

interface Props {
  map: FlowMap
  selected: string | null
  onSelect(id: string): void
}

const idOf = (e: FlowMapEdge) => edgeId(String(e.from), String(e.to))

/** The map's content as two sortable tables: who is on it, and who calls whom. */
export function FlowMapTables({ map, selected, onSelect }: Props) {
  const calls = useMemo(() => callColumns(map, onSelect), [map, onSelect])
  const entities = useMemo(() => [entityColumn(onSelect), ...ENTITY_FACTS], [onSelect])
  return (
    <div className={styles.tables} data-panel={selected ? true : undefined}>
      <h3>Calls</h3>
      <DataTable label="Calls of the flow map" rows={map.edges} columns={calls} rowKey={(e) => `${e.from}-${e.to}-${e.type}`} defaultSort="-calls_per_minute" sortParam="call-sort" isSelected={(e) => idOf(e) === selected} onRowClick={(e) => onSelect(idOf(e))} />
      <h3>Tiers and backends</h3>
      <DataTable label="Entities of the flow map" rows={map.nodes} columns={entities} rowKey={(n) => n.id} defaultSort="-calls_per_minute" isSelected={(n) => String(n.id) === selected} onRowClick={(n) => onSelect(String(n.id))} />
    </div>
  )
}

function entityColumn(onSelect: (id: string) => void): Column<FlowMapNode> {
  return {
    key: 'name',
    label: 'Entity',
    value: (n) => n.name,
    render: (n) => (
      <span className={page.name}>
        <EntityIcon kind={n.kind} type={n.type} />
        <button type="button" className={page.pick} aria-label={n.name} onClick={() => onSelect(String(n.id))}>
          <Middle text={nameParts(n).name} title={n.name} />
        </button>
        {n.entry && <span className={page.tag}>entry</span>}
      </span>
    ),
  }
}

function callColumns(map: FlowMap, onSelect: (id: string) => void): Column<FlowMapEdge>[] {
  const byId = new Map(map.nodes.map((n) => [n.id, n]))
  const end = (key: 'from' | 'to', label: string): Column<FlowMapEdge> => ({
    key,
    label,
    value: (e) => byId.get(e[key])?.name ?? '',
    render: (e) => {
      const node = byId.get(e[key])
      const name = node ? <Middle text={nameParts(node).name} title={node.name} /> : e[key]
      return (
        <span className={page.name}>
          {node && <EntityIcon kind={node.kind} type={node.type} />}
          {key === 'from' ? (
            <button type="button" className={page.pick} aria-label={`${byId.get(e.from)?.name ?? e.from} → ${byId.get(e.to)?.name ?? e.to}`} onClick={() => onSelect(idOf(e))}>
              {name}
            </button>
          ) : (
            name
          )}
        </span>
      )
    },
  })
  return [end('from', 'From'), end('to', 'To'), { key: 'type', label: 'Type', value: (e) => e.type, render: (e) => `${e.type.toLowerCase()}${e.async ? ', async' : ''}` }, ...figureColumns<FlowMapEdge>((e) => e.figures)]
}
