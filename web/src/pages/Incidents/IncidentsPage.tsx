import { useId } from '../../app/useId'
import { useTitle } from '../../app/useTitle'
import { IncidentsView } from './IncidentsView'

/** The incidents of one application. */
export function ApplicationIncidentsPage() {
  return <IncidentsView application={useId('applicationId')} />
}

/** The incidents of all applications. */
export function IncidentsPage() {
  useTitle('Incidents')
  return (
    <>
      <h1 className="sr-only">Incidents of all applications</h1>
      <IncidentsView />
    </>
  )
}
