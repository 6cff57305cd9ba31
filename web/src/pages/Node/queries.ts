// What an agent reports of a node: its part of the metric tree, whose paths have two to four segments below the node.
import { useMemo } from 'react'
import { useTelemetry, type Result } from '../../api/queries'
import type { MetricData, MetricSeries, NodeDetail } from '../../api/types'

const DEPTHS = ['*|*', '*|*|*', '*|*|*|*'] as const

export function useNodeMetrics(application: number, node: NodeDetail): { query: Result<MetricData>; series: MetricSeries[] | null } {
  const at = `Application Infrastructure Performance|${node.tier.name}|Individual Nodes|${node.name}`
  const of = (depth: string) => ({ path: `${at}|${depth}` })
  const two = useTelemetry<MetricData>(`/applications/${application}/metric-data`, of(DEPTHS[0]))
  const three = useTelemetry<MetricData>(`/applications/${application}/metric-data`, of(DEPTHS[1]))
  const four = useTelemetry<MetricData>(`/applications/${application}/metric-data`, of(DEPTHS[2]))
  const series = useMemo(() => (two.data && three.data && four.data ? [...two.data.items, ...three.data.items, ...four.data.items] : null), [two.data, three.data, four.data])
  const failed = [two, three, four].find((query) => query.error) ?? two
  return { query: failed, series }
}
