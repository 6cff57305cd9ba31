import { Navigate, Outlet, useLocation } from 'react-router'
import { useMay, type Permission } from '../../access/may'
import { paths } from '../../app/paths'
import { useHref } from '../../app/urlState'
import { useTitle } from '../../app/useTitle'
import { RangeLink } from '../../components/link/RangeLink'
import application from '../Application/Application.module.css'

const TABS: { label: string; to: string; needs: Permission }[] = [
  { label: 'Users', to: paths.administration('users'), needs: 'administer-users' },
  { label: 'Groups', to: paths.administration('groups'), needs: 'administer-users' },
  { label: 'Roles', to: paths.administration('roles'), needs: 'administer-users' },
  { label: 'Sessions', to: paths.administration('sessions'), needs: 'administer-users' },
  { label: 'Audit log', to: paths.administration('audit'), needs: 'view-audit' },
  { label: 'Access keys', to: paths.administration('keys'), needs: 'administer-account' },
  { label: 'API clients', to: paths.administration('clients'), needs: 'administer-account' },
  { label: 'Notifications', to: paths.administration('notifications'), needs: 'administer-account' },
  { label: 'Account', to: paths.administration('account'), needs: 'administer-account' },
  { label: 'Storage & retention', to: paths.administration('storage'), needs: 'view-system' },
  { label: 'Limits', to: paths.administration('limits'), needs: 'view-system' },
  { label: 'Last attempts', to: paths.administration('attempts'), needs: 'view-system' },
  { label: 'Health of Vedette', to: paths.administration('health'), needs: 'view-system' },
]

/** The pages of whoever runs Vedette. */
export function AdministrationFrame() {
  const { pathname } = useLocation()
  const may = useMay()
  const at = TABS.find((tab) => pathname.startsWith(tab.to))
  useTitle([at?.label, 'Administration'])
  return (
    <>
      <nav className={application.tabs} aria-label="Pages of the administration">
        {TABS.filter((tab) => may(tab.needs)).map((tab) => (
          <RangeLink key={tab.to} to={tab.to} className={application.tab} aria-current={tab === at ? 'page' : undefined}>
            {tab.label}
          </RangeLink>
        ))}
      </nav>
      <h1 className="sr-only">Administration: {at?.label}</h1>
      <Outlet />
    </>
  )
}

/** The first page that this user may see; without any, the one whose refusal says what is missing. */
export function FirstTab() {
  const may = useMay()
  const href = useHref()
  const first = may('administer-account') ? paths.administration('keys') : (TABS.find((tab) => may(tab.needs))?.to ?? paths.administration())
  return <Navigate to={href(first)} replace />
}
