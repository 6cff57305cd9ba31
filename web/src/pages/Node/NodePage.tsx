import { Tabs } from '@mantine/core'
import { useMemo } from 'react'
import { useFlowMap, useTelemetry } from '../../api/queries'
import type { NodeDetail, NodeFlowMap } from '../../api/types'
import { paths } from '../../app/paths'
import { useId } from '../../app/useId'
import { useUrlState } from '../../app/urlState'
import { useTitle } from '../../app/useTitle'
import { useEntitySeries } from '../../components/baseline/queries'
import { Card } from '../../components/card/Card'
import { OverTime } from '../../components/chart/OverTime'
import { EntityIcon } from '../../components/EntityIcon'
import { FigureStrip } from '../../components/figures/FigureStrip'
import { RangeLink } from '../../components/link/RangeLink'
import { Loaded } from '../../components/states/Loaded'
import { plural } from '../../format/numbers'
import { ago, exactMoment } from '../../format/times'
import { useTimeRange } from '../../time/TimeRangeContext'
import { EntityHead, Facts } from '../EntityHead'
import { ErrorsTable } from '../Errors/ErrorsTable'
import { CountedContext } from '../FlowMap/counted'
import { FlowMapPanel } from '../FlowMap/FlowMapPanel'
import page from '../page.module.css'
import { MetricsPanel } from './MetricsPanel'
import styles from './Node.module.css'

/** One node: its entry calls, what its runtime and its host do, when it restarted, its agent. */
export function NodePage() {
  const application = useId('applicationId')
  const id = useId('nodeId')
  const node = useTelemetry<NodeDetail>(`/nodes/${id}`)
  const series = useEntitySeries('nodes', id)
  const [tab, setTab] = useUrlState('tab', 'runtime')
  useTitle([node.data?.name, node.data?.application.name])
  return (
    <div className={page.page}>
      <Card>
        <Loaded query={node} what="the node" lines={5}>
          {(data: NodeDetail) => <Head application={application} node={data} />}
        </Loaded>
      </Card>
      <OverTime note="calls that enter the node; drag to zoom" query={series} application={application} about={node.data && { kind: 'NODES', name: node.data.name }} watched={{ kind: 'NODE', id }} />
      {node.data && (
        <Tabs value={tab} onChange={setTab} keepMounted={false}>
          <Tabs.List mb="sm">
            <Tabs.Tab value="runtime">Runtime and hardware</Tabs.Tab>
            <Tabs.Tab value="errors">Errors of its tier</Tabs.Tab>
            <Tabs.Tab value="flow-map">Flow map</Tabs.Tab>
          </Tabs.List>
          <Tabs.Panel value="runtime">
            <MetricsPanel application={application} node={node.data} />
          </Tabs.Panel>
          <Tabs.Panel value="errors">
            <ErrorsTable application={application} tier={node.data.tier.id} />
          </Tabs.Panel>
          <Tabs.Panel value="flow-map">
            <NodeMap application={application} node={node.data} />
          </Tabs.Panel>
        </Tabs>
      )}
    </div>
  )
}

/** Calls out are counted for each tier, not for each of its nodes: what one node does is told of a sample of traces. */
function NodeMap({ application, node }: { application: number; node: NodeDetail }) {
  const part = useMemo(() => ({ node: node.id }), [node.id])
  const map = useFlowMap(application, part).data as NodeFlowMap | undefined
  return (
    <>
      <p className={styles.remark}>
        Calls are counted for each tier, not for each of its nodes: all calls of <RangeLink to={paths.tier(application, node.tier.id)}>{node.tier.name}</RangeLink> are on its own map. This one is of traces that passed through the node, spread over the range, and its counts are of these{map ? `: ${plural(map.traces, 'trace')}${map.looked_at > 0 ? `, found among ${plural(map.looked_at, 'span')} of ${node.tier.name}` : ''}` : ''}.
      </p>
      <div className={styles.map}>
        <CountedContext value="trace">
          <FlowMapPanel application={application} part={part} />
        </CountedContext>
      </div>
    </>
  )
}

function Head({ application, node }: { application: number; node: NodeDetail }) {
  const { now } = useTimeRange()
  return (
    <>
      <EntityHead icon={<EntityIcon kind="tier" type="tier" size={18} />} name={node.name}>
        <span className={page.muted}>
          node of <RangeLink to={paths.tier(application, node.tier.id)}>{node.tier.name}</RangeLink>
        </span>
        {node.historical && (
          <span className={page.tag} title="Unseen for an hour; its history is kept">
            historical
          </span>
        )}
      </EntityHead>
      <Facts
        facts={[
          ['Runtime', node.runtime],
          ['Agent', node.agent],
          ['Host', node.host],
          ['First seen', ago(node.first_seen, now), exactMoment(node.first_seen)],
          ['Last seen', ago(node.last_seen, now), exactMoment(node.last_seen)],
        ]}
      />
      <FigureStrip classed={false} figures={node.figures} />
    </>
  )
}
