import { Tabs } from '@mantine/core'
import { useCallback } from 'react'
import { useMay } from '../../access/may'
import { useBusinessTransaction } from '../../api/queries'
import type { BusinessTransactionDetail } from '../../api/types'
import { paths } from '../../app/paths'
import { useId } from '../../app/useId'
import { useHref, useUrlState } from '../../app/urlState'
import { useTitle } from '../../app/useTitle'
import { useBusinessTransactionSeries } from '../../components/baseline/queries'
import { Card } from '../../components/card/Card'
import { OverTime } from '../../components/chart/OverTime'
import { EntryTypeIcon } from '../../components/EntityIcon'
import { FigureStrip } from '../../components/figures/FigureStrip'
import { told } from '../../components/figures/told'
import { tracesOf, type CellFacts } from '../../components/heatmap/model'
import { ResponseTimesCard } from '../../components/heatmap/ResponseTimesCard'
import { RangeLink } from '../../components/link/RangeLink'
import { Loaded } from '../../components/states/Loaded'
import { Loading } from '../../components/states/Loading'
import { ErrorsTable } from '../Errors/ErrorsTable'
import { tagsOf } from '../BusinessTransactions/columns'
import { Restore } from '../BusinessTransactions/ExcludedTable'
import { FlowMapPanel } from '../FlowMap/FlowMapPanel'
import { short } from '../../format/numbers'
import page from '../page.module.css'
import { SnapshotsTable } from '../Snapshots/SnapshotsTable'
import styles from './BusinessTransaction.module.css'
import { ComparisonPanel } from './ComparisonPanel'
import { BackgroundSelect } from './BackgroundSelect'
import { LongLivedSelect } from './LongLivedSelect'
import { OperationsPanel } from './OperationsPanel'
import { WaitingTable } from './WaitingTable'

const resolution = (minutes: number) => (minutes === 1 ? 'minute' : minutes === 60 ? 'hour' : `${minutes} minutes`)

/** One business transaction: figures over time, how its response times spread, its traces, errors and flow map. */
export function BusinessTransactionPage() {
  const application = useId('applicationId')
  const id = useId('btId')
  const bt = useBusinessTransaction(id)
  const series = useBusinessTransactionSeries(id)
  const [tab, setTab] = useUrlState('tab', 'snapshots')
  const href = useHref()
  const linkOf = useCallback((cell: CellFacts) => href(paths.businessTransaction(application, id), tracesOf(cell)), [href, application, id])
  useTitle([bt.data?.name, bt.data?.application.name])
  return (
    <div className={page.page}>
      <Card>
        <div className={styles.about}>
          <Loaded query={bt} what="the business transaction" lines={4}>
            {(data: BusinessTransactionDetail) => (
              <>
                <BtTitle bt={data} application={application} />
                <FigureStrip figures={told(data)} />
              </>
            )}
          </Loaded>
        </div>
      </Card>
      <OverTime note={series.data && `one point per ${resolution(series.data.minutes_per_point)}; drag to zoom`} query={series} application={application} about={bt.data && { kind: 'BUSINESS_TRANSACTIONS', name: bt.data.name }} watched={{ kind: 'BUSINESS_TRANSACTION', id }} />
      <ResponseTimesCard kind="business-transactions" id={id} linkOf={linkOf} />
      <Tabs value={tab} onChange={setTab} keepMounted={false}>
        <Tabs.List mb="sm">
          <Tabs.Tab value="snapshots">Snapshots and traces</Tabs.Tab>
          <Tabs.Tab value="differences">Slow and normal</Tabs.Tab>
          <Tabs.Tab value="operations">Slowest operations</Tabs.Tab>
          <Tabs.Tab value="errors">Errors{bt.data ? ` (${short(bt.data.figures.errors)})` : ''}</Tabs.Tab>
          <Tabs.Tab value="flow-map">Flow map</Tabs.Tab>
          {bt.data?.other_traffic && <Tabs.Tab value="waiting">Waiting for a place</Tabs.Tab>}
        </Tabs.List>
        <Tabs.Panel value="snapshots">
          <SnapshotsTable bt={id} />
        </Tabs.Panel>
        <Tabs.Panel value="differences">
          <ComparisonPanel application={application} id={id} />
        </Tabs.Panel>
        <Tabs.Panel value="operations">{bt.data ? <OperationsPanel application={application} bt={bt.data} /> : <Loading what="the operations" />}</Tabs.Panel>
        <Tabs.Panel value="errors">
          <div className={styles.stack}>
            <ErrorsTable application={application} bt={id} />
            <SnapshotsTable bt={id} failed />
          </div>
        </Tabs.Panel>
        {bt.data?.other_traffic && (
          <Tabs.Panel value="waiting">
            <WaitingTable application={application} tier={bt.data.tier.id} />
          </Tabs.Panel>
        )}
        <Tabs.Panel value="flow-map">
          <div className={styles.map}>
            <FlowMapPanel application={application} part={{ bt: id }} />
          </div>
        </Tabs.Panel>
      </Tabs>
    </div>
  )
}

function BtTitle({ bt, application }: { bt: BusinessTransactionDetail; application: number }) {
  const mayRestore = useMay()('configure', application)
  return (
    <div className={styles.title}>
      <EntryTypeIcon type={bt.entry_type} size={18} />
      <h1>{bt.name}</h1>
      {tagsOf(bt).map((tag) => (
        <span key={tag} className={page.tag}>
          {tag}
        </span>
      ))}
      <span className={page.muted}>
        enters at <RangeLink to={paths.tier(application, bt.tier.id)}>{bt.tier.name}</RangeLink>
      </span>
      {bt.group && (
        <span className={page.muted}>
          in <RangeLink to={paths.transactionGroup(application, bt.group.id)}>{bt.group.name}</RangeLink>
        </span>
      )}
      <LongLivedSelect bt={bt} />
      <BackgroundSelect bt={bt} />
      {bt.excluded && mayRestore && <Restore bt={bt} />}
      {bt.figures.errors > 0 && (
        <RangeLink to={paths.businessTransaction(application, bt.id)} extra={{ tab: 'errors' }}>
          Show the failed ones
        </RangeLink>
      )}
    </div>
  )
}
