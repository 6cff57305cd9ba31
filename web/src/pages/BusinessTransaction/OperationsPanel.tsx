import { useMemo } from 'react'
import { useFlowMap } from '../../api/queries'
import type { BusinessTransactionDetail, FlowMap, FlowMapEdge, FlowMapNode } from '../../api/types'
import { Card } from '../../components/card/Card'
import { EntityIcon } from '../../components/EntityIcon'
import { figureColumns } from '../../components/figures/columns'
import { EntityLink } from '../../components/link/EntityLink'
import { Empty } from '../../components/states/Empty'
import { Loaded } from '../../components/states/Loaded'
import { DataTable, type Column } from '../../components/table/DataTable'
import { exact, responseTime, short } from '../../format/numbers'
import page from '../page.module.css'
import { perTransaction } from './perTransaction'

/** What is slow of a backend is one of the things that it is asked. */
const STATEMENTS = { tab: 'statements' }
const FIGURES = new Set(['calls_per_minute', 'average_ms', 'p95_ms', 'error_percent'])

/** The calls out that happen under a business transaction, those that take most of a transaction's time first. */
export function OperationsPanel({ application, bt }: { application: number; bt: BusinessTransactionDetail }) {
  const query = useFlowMap(application, { bt: bt.id })
  return (
    <Card title="Slowest operations" note="calls between tiers and to backends under this transaction, all counted; a call’s time includes what it waits for at its far end">
      <Loaded query={query} what="the operations">
        {(map: FlowMap) => (map.edges.length ? <Operations application={application} bt={bt} map={map} /> : <Empty title="No call out in this range">Everything happened on {bt.tier.name} itself.</Empty>)}
      </Loaded>
    </Card>
  )
}

function Operations({ application, bt, map }: { application: number; bt: BusinessTransactionDetail; map: FlowMap }) {
  const columns = useMemo(() => {
    const byId = new Map(map.nodes.map((n) => [n.id, n]))
    const end = (key: 'from' | 'to', label: string): Column<FlowMapEdge> => ({
      key,
      label,
      value: (e) => byId.get(e[key])?.name ?? '',
      render: (e) => <End application={application} node={byId.get(e[key])} />,
    })
    const time = (e: FlowMapEdge) => perTransaction(e.figures, bt.figures)
    const all: Column<FlowMapEdge>[] = [
      end('from', 'From'),
      end('to', 'To'),
      { key: 'type', label: 'Type', value: (e) => e.type, render: (e) => `${e.type.toLowerCase()}${e.async ? ', async' : ''}` },
      { key: 'time', label: 'Time a transaction', numeric: true, value: (e) => time(e).ms, render: (e) => <span title={exact(time(e).ms, 'ms')}>{responseTime(time(e).ms)}</span> },
      { key: 'times', label: 'Calls a transaction', numeric: true, value: (e) => time(e).calls, render: (e) => short(time(e).calls) },
      ...figureColumns<FlowMapEdge>((e) => e.figures).filter((column) => FIGURES.has(column.key)),
    ]
    return all
  }, [application, bt, map])
  return <DataTable label="Slowest operations" rows={map.edges} columns={columns} rowKey={(e) => `${e.from}-${e.to}-${e.type}`} defaultSort="-time" sortParam="operation-sort" />
}

function End({ application, node }: { application: number; node: FlowMapNode | undefined }) {
  if (!node) return '–'
  return (
    <span className={page.name}>
      <EntityIcon kind={node.kind} type={node.type} />
      <EntityLink application={application} node={node} extra={node.kind === 'tier' || node.kind === 'application' ? undefined : STATEMENTS} />
    </span>
  )
}
