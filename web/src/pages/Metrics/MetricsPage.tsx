import { SegmentedControl } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import type { ReactNode } from 'react'
import { useUrlState } from '../../app/urlState'
import { useId } from '../../app/useId'
import { Card } from '../../components/card/Card'
import { SearchInput } from '../../components/SearchInput'
import page from '../page.module.css'
import { MetricSearch } from './MetricSearch'
import styles from './Metrics.module.css'
import { MetricTree } from './MetricTree'
import { RawBrowser } from './raw/RawBrowser'
import { SelectedMetrics } from './SelectedMetrics'
import { useSelection } from './useSelection'

const VIEWS = [
  { value: 'tree', label: 'Tree' },
  { value: 'raw', label: 'OpenTelemetry' },
]

/** The metric browser: metric paths, or the series as agents sent them. */
export function MetricsPage() {
  const application = useId('applicationId')
  const [view, setView] = useUrlState('view', 'tree')
  const views = <SegmentedControl size="xs" aria-label="Show metrics as" data={VIEWS} value={view === 'raw' ? 'raw' : 'tree'} onChange={setView} />
  return <div className={`${page.fill} ${styles.page}`}>{view === 'raw' ? <RawBrowser application={application} views={views} /> : <TreeBrowser application={application} views={views} />}</div>
}

/** The tree or a search on the left, what was chosen of it on one chart. */
function TreeBrowser({ application, views }: { application: number; views: ReactNode }) {
  const [text, setText] = useUrlState('q')
  const [searched] = useDebouncedValue(text, 250)
  const chosen = useSelection()
  return (
    <>
      <Card title="Metric paths" actions={views} grow>
        <div className={styles.search}>
          <SearchInput label="Search: cart 95th, or web | errors" width={296} value={text} onChange={setText} />
        </div>
        {searched.trim() ? <MetricSearch application={application} text={searched} chosen={chosen} /> : <MetricTree application={application} chosen={chosen} />}
      </Card>
      <SelectedMetrics application={application} chosen={chosen} />
    </>
  )
}
