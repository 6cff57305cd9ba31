import { Menu, ScrollArea, TextInput } from '@mantine/core'
import { IconSearch, IconSelector } from '@tabler/icons-react'
import { useState } from 'react'
import { useNavigate } from 'react-router'
import { useApplications } from '../api/queries'
import { paths } from '../app/paths'
import { useHref } from '../app/urlState'
import { short } from '../format/numbers'
import styles from './Header.module.css'
import { useCurrentApplication } from './useCurrentApplication'

/** The application at hand, and the way to another. */
export function ApplicationSwitcher() {
  const current = useCurrentApplication()
  const [isOpen, setOpen] = useState(false)
  // Figures of all applications: asked for when they are looked at, not with every page.
  const list = useApplications(isOpen)
  const applications = list.data?.items ?? []
  const [search, setSearch] = useState('')
  const navigate = useNavigate()
  const href = useHref()
  const found = applications.filter((a) => a.name.toLowerCase().includes(search.toLowerCase()))
  return (
    <Menu position="bottom-start" width={300} opened={isOpen} onChange={setOpen} onClose={() => setSearch('')}>
      <Menu.Target>
        <button type="button" className={styles.switcher} aria-label={`Application: ${current?.name ?? (current === null ? 'all' : '…')}. Switch`}>
          <span>{current?.name ?? (current === null ? 'All applications' : '…')}</span>
          <IconSelector size={14} aria-hidden />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        {applications.length > 6 && (
          <TextInput m={4} placeholder="Search" aria-label="Search applications" leftSection={<IconSearch size={14} />} value={search} onChange={(e) => setSearch(e.currentTarget.value)} />
        )}
        <Menu.Item onClick={() => void navigate(href(paths.applications))}>All applications</Menu.Item>
        <Menu.Divider />
        {list.isPending && <Menu.Label>Loading…</Menu.Label>}
        {list.error && <Menu.Label>{list.error.message}</Menu.Label>}
        {list.data && applications.length === 0 && <Menu.Label>No application has reported yet</Menu.Label>}
        <ScrollArea.Autosize mah={360}>
          {found.map((a) => (
            <Menu.Item key={a.id} rightSection={<small>{short(a.figures.calls_per_minute)}/min</small>} onClick={() => void navigate(href(paths.application(a.id)))}>
              {a.name}
            </Menu.Item>
          ))}
        </ScrollArea.Autosize>
      </Menu.Dropdown>
    </Menu>
  )
}
