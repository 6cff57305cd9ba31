// Vedette reports to itself as an application of this name, which nobody had to connect.
import type { Application } from '../api/types'

const OWN_APPLICATION = 'Vedette'

/** Those that somebody connected. */
export const connected = (applications: Application[]) => applications.filter((application) => application.name !== OWN_APPLICATION)
