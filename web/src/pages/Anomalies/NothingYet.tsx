import { useBusinessTransactions } from '../../api/queries'
import type { BusinessTransaction } from '../../api/types'
import { paths } from '../../app/paths'
import { useAnomalySettings, useModel } from '../../components/anomaly/queries'
import { learningText } from '../../components/anomaly/words'
import { RangeLink } from '../../components/link/RangeLink'
import { Empty } from '../../components/states/Empty'
import { Loading } from '../../components/states/Loading'
import { useTimeRange } from '../../time/TimeRangeContext'

/** Why a list of anomalies is empty: detection is off, it is still learning, or all is as usual. */
export function NothingYet({ application }: { application?: number }) {
  const settings = useAnomalySettings(application ?? 0, application !== undefined)
  if (application === undefined) return <NoneAnywhere />
  if (settings.error) return <AsUsual />
  if (!settings.data) return <Loading what="the settings" lines={2} />
  if (!settings.data.enabled) {
    return (
      <Empty title="Anomaly detection is switched off for this application">
        Nothing is learnt and nothing is told. <RangeLink to={paths.anomalySettings(application)}>Settings and back-test</RangeLink>
      </Empty>
    )
  }
  return <Learning application={application} />
}

const busiest = (bts: readonly BusinessTransaction[] | undefined) => bts?.toSorted((a, b) => (b.figures?.calls ?? 0) - (a.figures?.calls ?? 0))[0]

/** How far learning is, by the series that is known best: calls' response time of the busiest business transaction. */
function Learning({ application }: { application: number }) {
  const { window, now } = useTimeRange()
  const bts = useBusinessTransactions(application)
  const bt = busiest(bts.data?.items)
  const model = useModel(application, bt ? { kind: 'BUSINESS_TRANSACTION', entity: bt.id, measure: 'RESPONSE_TIME', metric: null } : null, Math.max(window.from, window.to - 3_600_000), window.to)
  if (bts.isPending || (bt && model.isPending)) return <Loading what="how far learning is" lines={2} />
  const learning = model.data && learningText(model.data, now)
  if (learning) return <Empty title={model.data?.state === 'LEARNING' ? 'Still learning what is usual' : 'Nothing unusual so far'}>{learning}</Empty>
  if (!bt) return <Empty title="Nothing reported in this range">What reports is learnt: first verdicts come after an hour, and what counts as usual narrows over the first 24 hours.</Empty>
  return <AsUsual />
}

/** Of all applications: each has switches and a history of its own. */
function NoneAnywhere() {
  return <Empty title="No anomaly in this range">Whatever deviates from what it usually does stands here, with what most likely caused it. Where detection is switched off or still learning, the application’s own list of anomalies says so.</Empty>
}

function AsUsual() {
  return <Empty title="Everything was as usual in this range">Whatever deviates from what it usually does at that hour stands here, with what most likely caused it.</Empty>
}
