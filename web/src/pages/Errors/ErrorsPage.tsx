import { paths } from '../../app/paths'
import { useId } from '../../app/useId'
import { RangeLink } from '../../components/link/RangeLink'
import page from '../page.module.css'
import { ErrorsTable } from './ErrorsTable'

export function ErrorsPage() {
  const id = useId('applicationId')
  return (
    <div className={page.page}>
      <ErrorsTable
        application={id}
        actions={
          <RangeLink to={paths.snapshots(id)} extra={{ outcome: 'ERROR' }}>
            Failed transactions
          </RangeLink>
        }
      />
    </div>
  )
}
