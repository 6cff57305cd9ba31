import { Outlet, useLocation, useMatch } from 'react-router'
import { useApplication } from '../../api/queries'
import { paths } from '../../app/paths'
import { useId } from '../../app/useId'
import { useTitle } from '../../app/useTitle'
import { RangeLink } from '../../components/link/RangeLink'
import { Failed } from '../../components/states/Failed'
import styles from './Application.module.css'

/** One application's tabs; the page at hand is below them. */
export function ApplicationFrame() {
  const id = useId('applicationId')
  const application = useApplication(id)
  const { pathname } = useLocation()
  const tabs = [
    { label: 'Overview', to: paths.application(id), exact: true },
    { label: 'Flow map', to: paths.flowMap(id) },
    { label: 'Business transactions', to: paths.businessTransactions(id), count: application.data?.business_transactions },
    { label: 'Tiers & nodes', to: paths.tiers(id), count: application.data?.tiers },
    { label: 'Backends', to: paths.backends(id) },
    { label: 'Errors', to: paths.errors(id) },
    { label: 'Snapshots', to: paths.snapshots(id) },
    { label: 'Metrics', to: paths.metrics(id) },
    { label: 'Logs', to: paths.applicationLogs(id) },
  ]
  const at = tabs.find((tab) => (tab.exact ? pathname === tab.to : pathname.startsWith(tab.to)))
  const detail = useMatch('/applications/:applicationId/business-transactions/:btId') !== null
  useTitle([at?.label, application.data?.name], !detail)
  if (application.error?.status === 404) return <Failed what="the application" error={application.error} />
  return (
    <>
      <nav className={styles.tabs} aria-label={`Pages of ${application.data?.name ?? 'the application'}`}>
        {tabs.map((tab) => (
          <RangeLink key={tab.to} to={tab.to} className={styles.tab} aria-current={tab === at ? 'page' : undefined}>
            {tab.label}
            {tab.count !== undefined && <small>{tab.count}</small>}
          </RangeLink>
        ))}
      </nav>
      {!detail && application.data && (
        <h1 className="sr-only">
          {application.data.name}: {at?.label}
        </h1>
      )}
      <Outlet />
    </>
  )
}
