import { useUrlState } from '../../app/urlState'
import { Card } from '../../components/card/Card'
import { Loaded } from '../../components/states/Loaded'
import type { LogSummary } from '../../api/types'
import { count } from '../../format/numbers'
import page from '../page.module.css'
import { Facets } from './Facets'
import { FilterBar } from './FilterBar'
import { Histogram } from './Histogram'
import styles from './Logs.module.css'
import { useDistinctSummary, useLogSummary } from './queries'
import { StoredRecords } from './StoredRecords'
import { TailedRecords } from './TailedRecords'
import { useLogFilter } from './useLogFilter'

/** Log records: how many over time and of whom, and the records themselves, stored or as they come in. */
export function LogsView({ application }: { application: number | null }) {
  const state = useLogFilter(application)
  const [tail, setTail] = useUrlState('tail', 'off')
  const summary = useLogSummary(state.filter)
  const distinct = useDistinctSummary(summary.data)
  const live = tail === 'on'
  return (
    <div className={`${page.fill} ${styles.page}`} aria-busy={summary.isPlaceholderData} data-busy={summary.isPlaceholderData || undefined}>
      <FilterBar state={state} summary={distinct} live={live} onLive={(on) => setTail(on ? 'on' : null)} />
      <Card title="Records over time" note={summary.data && <Total summary={summary.data} />}>
        <Loaded query={summary} what="the counts" lines={5}>
          {(data: LogSummary) => <Histogram summary={data} />}
        </Loaded>
      </Card>
      <div className={styles.below}>
        <Card title="Narrow by" grow>
          <Loaded query={summary} what="the counts">
            {(data: LogSummary) => <Facets summary={distinct ?? data} state={state} />}
          </Loaded>
        </Card>
        {live ? <TailedRecords state={state} /> : <StoredRecords state={state} />}
      </div>
    </div>
  )
}

function Total({ summary }: { summary: LogSummary }) {
  return (
    <>
      {count(summary.total)} {summary.complete_from === null ? 'in this range' : 'counted'}
    </>
  )
}
