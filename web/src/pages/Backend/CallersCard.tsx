import { useMemo } from 'react'
import { useFlowMap } from '../../api/queries'
import type { FlowMap, FlowMapEdge } from '../../api/types'
import { Card } from '../../components/card/Card'
import { EntityIcon } from '../../components/EntityIcon'
import { figureColumns } from '../../components/figures/columns'
import { EntityLink } from '../../components/link/EntityLink'
import { Empty } from '../../components/states/Empty'
import { Loaded } from '../../components/states/Loaded'
import { DataTable, type Column } from '../../components/table/DataTable'
import page from '../page.module.css'

/** Who calls a backend; of a queue also who takes from it. */
export function CallersCard({ application, id }: { application: number; id: number }) {
  const query = useFlowMap(application, { backend: id })
  return (
    <Loaded query={query} what="the callers">
      {(map: FlowMap) => (
        <>
          <Ends application={application} map={map} id={id} side="from" title="Callers" />
          {map.edges.some((e) => e.from === id) && <Ends application={application} map={map} id={id} side="to" title="Consumers" />}
        </>
      )}
    </Loaded>
  )
}

interface EndsProps {
  application: number
  map: FlowMap
  id: number
  /** Which end of the calls is listed. */
  side: 'from' | 'to'
  title: string
}

function Ends({ application, map, id, side, title }: EndsProps) {
  const other = side === 'from' ? 'to' : 'from'
  const rows = map.edges.filter((e) => e[other] === id)
  const columns = useMemo<Column<FlowMapEdge>[]>(() => {
    const byId = new Map(map.nodes.map((n) => [n.id, n]))
    return [
      {
        key: 'name',
        label: title === 'Callers' ? 'Caller' : 'Consumer',
        value: (e) => byId.get(e[side])?.name ?? '',
        render: (e) => {
          const node = byId.get(e[side])
          if (!node) return '–'
          return (
            <span className={page.name}>
              <EntityIcon kind={node.kind} type={node.type} />
              <EntityLink application={application} node={node} />
            </span>
          )
        },
      },
      ...figureColumns<FlowMapEdge>((e) => e.figures),
    ]
  }, [application, map, side, title])
  return (
    <Card title={title}>
      {rows.length ? <DataTable label={title} rows={rows} columns={columns} rowKey={(e) => `${e.from}-${e.to}-${e.type}`} defaultSort="-calls_per_minute" sortParam={`${side}-sort`} /> : <Empty title="Nobody called it in this range" />}
    </Card>
  )
}
