import { Select } from '@mantine/core'
import { Outlet, useLocation } from 'react-router'
import { useApplications } from '../../api/queries'
import { paths } from '../../app/paths'
import { useTitle } from '../../app/useTitle'
import { useUrlState } from '../../app/urlState'
import { RangeLink } from '../../components/link/RangeLink'
import application from '../Application/Application.module.css'

const TABS = [
  { label: 'Policies', to: paths.alerting('policies'), also: paths.alerting('digests') },
  { label: 'Actions', to: paths.alerting('actions') },
  { label: 'Suppressions', to: paths.alerting('suppressions') },
  { label: 'Deliveries', to: paths.alerting('deliveries') },
]

/** Who is told of what, how, when not, and what came of it. */
export function AlertingFrame() {
  const { pathname } = useLocation()
  const at = TABS.find((tab) => pathname.startsWith(tab.to) || (tab.also !== undefined && pathname.startsWith(tab.also)))
  useTitle([at?.label, 'Alerting'])
  return (
    <>
      <nav className={application.tabs} aria-label="Pages of alerting">
        {TABS.map((tab) => (
          <RangeLink key={tab.to} to={tab.to} className={application.tab} aria-current={tab === at ? 'page' : undefined}>
            {tab.label}
          </RangeLink>
        ))}
      </nav>
      <h1 className="sr-only">Alerting: {at?.label}</h1>
      <Outlet />
    </>
  )
}

/** The application that lists are of, out of the URL; null: all. */
export function useApplicationFilter(): [number | null, (id: number | null) => void] {
  const [text, setText] = useUrlState('application')
  const id = Number(text)
  return [text !== '' && Number.isInteger(id) ? id : null, (next) => setText(next === null ? null : String(next))]
}

/** Picks an application, or all of them. */
export function ApplicationSelect({ label, all, value, onChange }: { label: string; all: string; value: number | null; onChange(id: number | null): void }) {
  const applications = useApplications()
  const items = (applications.data?.items ?? []).map((one) => ({ value: String(one.id), label: one.name }))
  return <Select label={label} data={[{ value: 'all', label: all }, ...items]} value={value === null ? 'all' : String(value)} allowDeselect={false} searchable={items.length > 12} onChange={(next) => onChange(next === null || next === 'all' ? null : Number(next))} />
}
