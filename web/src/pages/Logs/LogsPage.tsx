import { useId } from '../../app/useId'
import { useTitle } from '../../app/useTitle'
import { LogsView } from './LogsView'

/** The logs of one application. */
export function ApplicationLogsPage() {
  return <LogsView application={useId('applicationId')} />
}

/** The logs of all applications. */
export function LogsPage() {
  useTitle(['Logs'])
  return (
    <>
      <h1 className="sr-only">Logs of all applications</h1>
      <LogsView application={null} />
    </>
  )
}
