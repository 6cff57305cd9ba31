import { useId } from '../../app/useId'
import { useTitle } from '../../app/useTitle'
import { EventsView } from './EventsView'

/** The events of one application. */
export function ApplicationEventsPage() {
  return <EventsView application={useId('applicationId')} />
}

/** The events of all applications, and those of the whole account. */
export function EventsPage() {
  useTitle(['Events'])
  return (
    <>
      <h1 className="sr-only">Events of all applications</h1>
      <EventsView />
    </>
  )
}
