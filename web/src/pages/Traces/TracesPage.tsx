import { useParams } from 'react-router'
import { useTitle } from '../../app/useTitle'
import { Card } from '../../components/card/Card'
import page from '../page.module.css'
import { SearchForm } from './SearchForm'
import { SpanResults } from './SpanResults'
import { TransactionResults } from './TransactionResults'
import { useFilter } from './useFilter'

/** The search of transactions and spans, in one application or in all. */
export function TracesPage() {
  const { applicationId } = useParams()
  const application = applicationId === undefined ? undefined : Number(applicationId)
  const [filter, change] = useFilter()
  useTitle(['Traces', 'all applications'], application === undefined)
  return (
    <div className={page.page}>
      {/* Within an application the heading is its frame's. */}
      <Card title={application === undefined ? 'Traces of all applications' : 'Search'} level={application === undefined ? 1 : 2}>
        <SearchForm application={application} filter={filter} onChange={change} />
      </Card>
      {filter.show === 'spans' ? <SpanResults filter={filter} application={application} /> : <TransactionResults filter={filter} application={application} />}
    </div>
  )
}
