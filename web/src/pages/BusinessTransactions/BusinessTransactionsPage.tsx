import { useId } from '../../app/useId'
import page from '../page.module.css'
import { BusinessTransactionsTable } from './BusinessTransactionsTable'

export function BusinessTransactionsPage() {
  return (
    <div className={page.page}>
      <BusinessTransactionsTable application={useId('applicationId')} />
    </div>
  )
}
