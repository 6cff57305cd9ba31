import { Tabs } from '@mantine/core'
import { IconAlertTriangleFilled } from '@tabler/icons-react'
import { useTelemetry } from '../../api/queries'
import type { TierDetail } from '../../api/types'
import { paths } from '../../app/paths'
import { useId } from '../../app/useId'
import { useUrlState } from '../../app/urlState'
import { useTitle } from '../../app/useTitle'
import { useEntitySeries } from '../../components/baseline/queries'
import { Card } from '../../components/card/Card'
import { OverTime } from '../../components/chart/OverTime'
import { EntityIcon } from '../../components/EntityIcon'
import { FigureStrip } from '../../components/figures/FigureStrip'
import { ResponseTimesCard } from '../../components/heatmap/ResponseTimesCard'
import { RangeLink } from '../../components/link/RangeLink'
import { Loaded } from '../../components/states/Loaded'
import { ago, exactMoment } from '../../format/times'
import { useTimeRange } from '../../time/TimeRangeContext'
import { EntityHead, Facts } from '../EntityHead'
import { ErrorsTable } from '../Errors/ErrorsTable'
import { FlowMapPanel } from '../FlowMap/FlowMapPanel'
import page from '../page.module.css'
import { NodesTable } from '../Tiers/NodesTable'
import { EndpointsTable } from './EndpointsTable'
import styles from './Tier.module.css'

/** One tier: its entry calls over time and by response time, its nodes, service endpoints, errors and neighbours. */
export function TierPage() {
  const application = useId('applicationId')
  const id = useId('tierId')
  const tier = useTelemetry<TierDetail>(`/tiers/${id}`)
  const series = useEntitySeries('tiers', id)
  const [tab, setTab] = useUrlState('tab', 'nodes')
  useTitle([tier.data?.name, tier.data?.application.name])
  return (
    <div className={page.page}>
      <Card>
        <Loaded query={tier} what="the tier" lines={5}>
          {(data: TierDetail) => <Head application={application} tier={data} />}
        </Loaded>
      </Card>
      <OverTime note="calls that enter the tier, whatever their business transaction; drag to zoom" query={series} application={application} about={tier.data && { kind: 'TIERS', name: tier.data.name }} watched={{ kind: 'TIER', id }} />
      <ResponseTimesCard kind="tiers" id={id} />
      <Tabs value={tab} onChange={setTab} keepMounted={false}>
        <Tabs.List mb="sm">
          <Tabs.Tab value="nodes">Nodes</Tabs.Tab>
          <Tabs.Tab value="endpoints">Service endpoints</Tabs.Tab>
          <Tabs.Tab value="errors">Errors</Tabs.Tab>
          <Tabs.Tab value="flow-map">Flow map</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="nodes">
          <NodesTable application={application} tier={id} />
        </Tabs.Panel>
        <Tabs.Panel value="endpoints">
          <EndpointsTable application={application} tier={id} />
        </Tabs.Panel>
        <Tabs.Panel value="errors">
          <ErrorsTable application={application} tier={id} />
        </Tabs.Panel>
        <Tabs.Panel value="flow-map">
          <div className={styles.map}>
            <FlowMapPanel application={application} part={{ tier: id }} />
          </div>
        </Tabs.Panel>
      </Tabs>
    </div>
  )
}

function Head({ application, tier }: { application: number; tier: TierDetail }) {
  const { now } = useTimeRange()
  return (
    <>
      <EntityHead icon={<EntityIcon kind="tier" type="tier" size={18} />} name={tier.name}>
        <span className={page.muted}>tier</span>
        <RangeLink to={paths.flowMap(application)} extra={{ selected: tier.id }}>
          On the application’s map
        </RangeLink>
        <RangeLink to={paths.businessTransactions(application)} extra={{ filter: tier.name }}>
          Business transactions
        </RangeLink>
        <RangeLink to={paths.snapshots(application)} extra={{ tier: tier.id }}>
          Snapshots
        </RangeLink>
      </EntityHead>
      <Facts
        facts={[
          ['Runtime', tier.runtime],
          ['Agent', tier.agent, 'of its newest node'],
          ['Nodes', tier.nodes, 'live in the range'],
          ['Historical nodes', tier.historical_nodes || null, 'unseen for an hour, and not in the range'],
          ['First seen', ago(tier.first_seen, now), exactMoment(tier.first_seen)],
          ['Last seen', ago(tier.last_seen, now), exactMoment(tier.last_seen)],
        ]}
      />
      <FigureStrip classed={false} figures={tier.figures} />
      {tier.hints.map((hint) => (
        <p key={hint} className={styles.hint}>
          <IconAlertTriangleFilled size={14} color="var(--v-warn-fill)" aria-hidden />
          {hint}
        </p>
      ))}
    </>
  )
}
