import { useId } from '../../app/useId'
import { useTitle } from '../../app/useTitle'
import { ViolationsView } from './ViolationsView'

/** The violations of one application. */
export function ApplicationViolationsPage() {
  return <ViolationsView application={useId('applicationId')} />
}

/** The violations of all applications. */
export function ViolationsPage() {
  useTitle('Violations')
  return (
    <>
      <h1 className="sr-only">Violations of all applications</h1>
      <ViolationsView />
    </>
  )
}
