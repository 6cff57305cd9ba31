import { useDebouncedValue } from '@mantine/hooks'
import { useUrlState } from '../../app/urlState'
import { useId } from '../../app/useId'
import { Card } from '../../components/card/Card'
import { SearchInput } from '../../components/SearchInput'
import page from '../page.module.css'
import { MetricSearch } from './MetricSearch'
import styles from './Metrics.module.css'
import { MetricTree } from './MetricTree'
import { SelectedMetrics } from './SelectedMetrics'
import { useSelection } from './useSelection'

/** The metric browser: the tree or a search on the left, what was chosen of it on one chart. */
export function MetricsPage() {
  const application = useId('applicationId')
  const [text, setText] = useUrlState('q')
  const [searched] = useDebouncedValue(text, 250)
  const chosen = useSelection()
  return (
    <div className={`${page.fill} ${styles.page}`}>
      <Card title="Metric paths" grow>
        <div className={styles.search}>
          <SearchInput label="Search: cart 95th, or web | errors" width={296} value={text} onChange={setText} />
        </div>
        {searched.trim() ? <MetricSearch application={application} text={searched} chosen={chosen} /> : <MetricTree application={application} chosen={chosen} />}
      </Card>
      <SelectedMetrics application={application} chosen={chosen} />
    </div>
  )
}
