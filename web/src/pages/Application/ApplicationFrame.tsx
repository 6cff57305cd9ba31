import { Outlet, useLocation, useMatch } from 'react-router'
import { useApplication } from '../../api/queries'
import { pagesOf } from '../../app/pages'
import { paths } from '../../app/paths'
import { useId } from '../../app/useId'
import { useTitle } from '../../app/useTitle'
import { ChartEvents } from '../../components/chart/ChartEvents'
import { RangeLink } from '../../components/link/RangeLink'
import { Failed } from '../../components/states/Failed'
import styles from './Application.module.css'

/** One application's tabs; the page at hand is below them. */
export function ApplicationFrame() {
  const id = useId('applicationId')
  const application = useApplication(id)
  const { pathname } = useLocation()
  const counts: Record<string, number | undefined> = { [paths.businessTransactions(id)]: application.data?.business_transactions, [paths.tiers(id)]: application.data?.tiers }
  const pages = pagesOf(id)
  const tabs = pages.filter((one) => one.under === undefined)
  // Some pages have no tab of their own.
  const above = [
    [`/applications/${id}/nodes/`, paths.tiers(id)],
    [`/applications/${id}/business-transaction-groups/`, paths.businessTransactions(id)],
    [paths.anomalyModel(id), paths.anomalies(id)],
    ...pages.map((one) => [one.to, one.under]),
  ].find(([path = '', under]) => under !== undefined && pathname.startsWith(path))
  const at = above ? tabs.find((tab) => tab.to === above[1]) : tabs.findLast((tab) => pathname.startsWith(tab.to))
  const named = pages.findLast((one) => one.under !== undefined && pathname.startsWith(one.to)) ?? at
  // Pages of single entities have a heading and a title of their own.
  const detail = useMatch('/applications/:applicationId/:kind/:entityId') !== null
  useTitle([named?.label, application.data?.name], !detail)
  if (application.error?.status === 404) return <Failed what="the application" error={application.error} />
  return (
    <>
      <nav className={styles.tabs} aria-label={`Pages of ${application.data?.name ?? 'the application'}`}>
        {tabs.map((tab) => (
          <RangeLink key={tab.to} to={tab.to} className={styles.tab} aria-current={tab === at ? 'page' : undefined}>
            {tab.label}
            {tab.to in counts && <small data-unknown={counts[tab.to] === undefined || undefined}>{counts[tab.to]}</small>}
          </RangeLink>
        ))}
      </nav>
      {!detail && application.data && (
        <h1 className="sr-only">
          {application.data.name}: {named?.label}
        </h1>
      )}
      <ChartEvents application={id} about={aboutOf(pathname)}>
        <Outlet />
      </ChartEvents>
    </>
  )
}

/** The entity whose page this is; rules, schedules and anomalies are none. */
function aboutOf(pathname: string): number | null {
  const id = /^\/applications\/\d+\/(?!health-rules|schedules|anomalies)[a-z-]+\/(\d+)/.exec(pathname)?.[1]
  return id === undefined ? null : Number(id)
}
