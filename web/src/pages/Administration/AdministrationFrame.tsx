import { Outlet, useLocation } from 'react-router'
import { paths } from '../../app/paths'
import { useTitle } from '../../app/useTitle'
import { RangeLink } from '../../components/link/RangeLink'
import application from '../Application/Application.module.css'

const TABS = [
  { label: 'Access keys', to: paths.administration('keys') },
  { label: 'API clients', to: paths.administration('clients') },
  { label: 'Notifications', to: paths.administration('notifications') },
  { label: 'Account', to: paths.administration('account') },
  { label: 'Storage & retention', to: paths.administration('storage') },
  { label: 'Limits', to: paths.administration('limits') },
  { label: 'Last attempts', to: paths.administration('attempts') },
  { label: 'Health of Vedette', to: paths.administration('health') },
]

/** The pages of whoever runs Vedette. */
export function AdministrationFrame() {
  const { pathname } = useLocation()
  const at = TABS.find((tab) => pathname.startsWith(tab.to))
  useTitle([at?.label, 'Administration'])
  return (
    <>
      <nav className={application.tabs} aria-label="Pages of the administration">
        {TABS.map((tab) => (
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
