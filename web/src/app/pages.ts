// The pages that have a name of their own: an application's tabs, and those over all. Tabs and palette are made from these.
import { paths } from './paths'

export interface PageName {
  label: string
  to: string
  /** Not among the tabs: the tab of this path leads there. */
  under?: string
}

/** An application's, or those over all applications. */
export function pagesOf(application?: number): PageName[] {
  if (application === undefined) {
    return [
      { label: 'All applications', to: paths.applications },
      { label: 'Map of all applications', to: paths.applicationMap },
      { label: 'Traces of all applications', to: paths.traces() },
      { label: 'Logs of all applications', to: paths.logs },
      { label: 'Alerting: policies', to: paths.alerting('policies') },
      { label: 'Alerting: actions', to: paths.alerting('actions') },
      { label: 'Alerting: suppressions', to: paths.alerting('suppressions') },
      { label: 'Alerting: deliveries', to: paths.alerting('deliveries') },
      { label: 'Anomalies of all applications', to: paths.anomalies() },
      { label: 'Incidents of all applications', to: paths.incidents() },
      { label: 'Violations of all applications', to: paths.violations() },
      { label: 'Events of all applications', to: paths.events() },
      { label: 'Connect an agent', to: paths.connect },
      { label: 'REST API documentation', to: paths.apiDocs },
      { label: 'Your profile', to: paths.profile },
      { label: 'Administration: users', to: paths.administration('users') },
      { label: 'Administration: groups', to: paths.administration('groups') },
      { label: 'Administration: roles', to: paths.administration('roles') },
      { label: 'Administration: sessions', to: paths.administration('sessions') },
      { label: 'Administration: audit log', to: paths.administration('audit') },
      { label: 'Administration: API clients', to: paths.administration('clients') },
      { label: 'Administration: access keys', to: paths.administration('keys') },
      { label: 'Administration: notifications', to: paths.administration('notifications') },
      { label: 'Administration: account and its time zone', to: paths.administration('account') },
      { label: 'Administration: storage and retention', to: paths.administration('storage') },
      { label: 'Administration: limits', to: paths.administration('limits') },
      { label: 'Administration: attempts to report', to: paths.administration('attempts') },
      { label: 'Administration: health of Vedette', to: paths.administration('health') },
    ]
  }
  return [
    { label: 'Overview', to: paths.application(application) },
    { label: 'Flow map', to: paths.flowMap(application) },
    { label: 'Business transactions', to: paths.businessTransactions(application) },
    { label: 'Tiers & nodes', to: paths.tiers(application) },
    { label: 'Backends', to: paths.backends(application) },
    { label: 'Errors', to: paths.errors(application) },
    { label: 'Traces', to: paths.traces(application) },
    { label: 'Snapshots', to: paths.snapshots(application) },
    { label: 'Anomalies', to: paths.anomalies(application) },
    { label: 'Incidents', to: paths.incidents(application), under: paths.anomalies(application) },
    { label: 'Anomaly detection: settings and back-test', to: paths.anomalySettings(application), under: paths.anomalies(application) },
    { label: 'Violations', to: paths.violations(application) },
    { label: 'Health rules', to: paths.healthRules(application) },
    { label: 'Schedules of health rules', to: paths.schedules(application), under: paths.healthRules(application) },
    { label: 'Events', to: paths.events(application) },
    { label: 'Metrics', to: paths.metrics(application) },
    { label: 'Logs', to: paths.applicationLogs(application) },
    { label: 'Baselines', to: paths.baselines(application) },
  ]
}
