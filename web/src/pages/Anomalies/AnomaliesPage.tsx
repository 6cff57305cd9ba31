import { useId } from '../../app/useId'
import { useTitle } from '../../app/useTitle'
import { AnomaliesView } from './AnomaliesView'

/** The anomalies of one application. */
export function ApplicationAnomaliesPage() {
  return <AnomaliesView application={useId('applicationId')} />
}

/** The anomalies of all applications. */
export function AnomaliesPage() {
  useTitle('Anomalies')
  return (
    <>
      <h1 className="sr-only">Anomalies of all applications</h1>
      <AnomaliesView />
    </>
  )
}
