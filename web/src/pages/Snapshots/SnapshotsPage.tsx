import { useId } from '../../app/useId'
import page from '../page.module.css'
import { SnapshotsTable } from './SnapshotsTable'

export function SnapshotsPage() {
  return (
    <div className={page.page}>
      <SnapshotsTable application={useId('applicationId')} />
    </div>
  )
}
