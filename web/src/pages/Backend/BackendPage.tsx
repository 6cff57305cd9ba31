import { Tabs } from '@mantine/core'
import { useTelemetry } from '../../api/queries'
import type { BackendDetail, BackendTransaction } from '../../api/types'
import { paths } from '../../app/paths'
import { useId } from '../../app/useId'
import { useUrlState } from '../../app/urlState'
import { useTitle } from '../../app/useTitle'
import { useEntitySeries } from '../../components/baseline/queries'
import { Card } from '../../components/card/Card'
import { OverTime } from '../../components/chart/OverTime'
import { EntityIcon } from '../../components/EntityIcon'
import { figureColumns } from '../../components/figures/columns'
import { FigureStrip } from '../../components/figures/FigureStrip'
import { ResponseTimesCard } from '../../components/heatmap/ResponseTimesCard'
import { RangeLink } from '../../components/link/RangeLink'
import { Empty } from '../../components/states/Empty'
import { Loaded } from '../../components/states/Loaded'
import { DataTable, type Column } from '../../components/table/DataTable'
import { nameParts } from '../../format/names'
import { ago, exactMoment } from '../../format/times'
import { useTimeRange } from '../../time/TimeRangeContext'
import { EntityHead, Facts } from '../EntityHead'
import { FlowMapPanel } from '../FlowMap/FlowMapPanel'
import page from '../page.module.css'
import styles from './Backend.module.css'
import { CallersCard } from './CallersCard'
import { StatementsCard } from './StatementsCard'

const FIGURES = new Set(['calls_per_minute', 'calls', 'average_ms', 'p95_ms', 'error_percent'])

/** One backend or queue: how it answers, who calls it and under what, and what it is asked. */
export function BackendPage() {
  const application = useId('applicationId')
  const id = useId('backendId')
  const backend = useTelemetry<BackendDetail>(`/backends/${id}`)
  const series = useEntitySeries('backends', id)
  const [tab, setTab] = useUrlState('tab', 'callers')
  useTitle([backend.data?.name, backend.data?.application.name])
  return (
    <div className={page.page}>
      <Card>
        <Loaded query={backend} what="the backend" lines={5}>
          {(data: BackendDetail) => <Head application={application} backend={data} />}
        </Loaded>
      </Card>
      <OverTime note="calls of all tiers, as the callers measure them; drag to zoom" query={series} application={application} about={backend.data && { kind: 'BACKENDS', name: backend.data.name }} watched={{ kind: 'BACKEND', id }} />
      <ResponseTimesCard kind="backends" id={id} />
      <Tabs value={tab} onChange={setTab} keepMounted={false}>
        <Tabs.List mb="sm">
          <Tabs.Tab value="callers">Callers</Tabs.Tab>
          <Tabs.Tab value="statements">Statements and requests</Tabs.Tab>
          <Tabs.Tab value="flow-map">Flow map</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="callers">
          <div className={styles.stack}>
            <CallersCard application={application} id={id} />
            <Card title="Business transactions" note="under which it is called">
              <Loaded query={backend} what="the business transactions">
                {(data: BackendDetail) => <Transactions application={application} rows={data.business_transactions} />}
              </Loaded>
            </Card>
          </div>
        </Tabs.Panel>
        <Tabs.Panel value="statements">
          <StatementsCard application={application} id={id} />
        </Tabs.Panel>
        <Tabs.Panel value="flow-map">
          <div className={styles.map}>
            <FlowMapPanel application={application} part={{ backend: id }} />
          </div>
        </Tabs.Panel>
      </Tabs>
    </div>
  )
}

function Head({ application, backend }: { application: number; backend: BackendDetail }) {
  const { now } = useTimeRange()
  const isQueue = backend.type === 'MESSAGING'
  return (
    <>
      <EntityHead icon={<EntityIcon kind={isQueue ? 'queue' : 'backend'} type={backend.type} size={18} />} name={nameParts({ ...backend, kind: 'backend' }).name}>
        <span className={page.muted}>{isQueue ? 'queue' : `${backend.type.toLowerCase()} backend`}</span>
        <RangeLink to={paths.flowMap(application)} extra={{ selected: backend.id }}>
          On the application’s map
        </RangeLink>
      </EntityHead>
      <Facts
        facts={[
          ['System', backend.system],
          ['Address', backend.address],
          ['First seen', ago(backend.first_seen, now), exactMoment(backend.first_seen)],
          ['Last seen', ago(backend.last_seen, now), exactMoment(backend.last_seen)],
        ]}
      />
      <FigureStrip classed={false} figures={backend.figures} />
    </>
  )
}

function Transactions({ application, rows }: { application: number; rows: BackendTransaction[] }) {
  const columns: Column<BackendTransaction>[] = [
    { key: 'bt', label: 'Business transaction', value: (t) => t.bt.name, render: (t) => <RangeLink to={paths.businessTransaction(application, t.bt.id)}>{t.bt.name}</RangeLink> },
    ...figureColumns<BackendTransaction>((t) => t.figures).filter((column) => FIGURES.has(column.key)),
  ]
  if (rows.length === 0) return <Empty title="None in this range">It was called outside business transactions, or not at all.</Empty>
  return <DataTable label="Business transactions that call it" rows={rows} columns={columns} rowKey={(t) => t.bt.id} defaultSort="-calls_per_minute" sortParam="bt-sort" />
}
