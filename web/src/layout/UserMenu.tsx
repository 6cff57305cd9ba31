import { ActionIcon, Menu } from '@mantine/core'
import { IconApi, IconCertificate, IconLogout, IconSettings, IconUser, IconUserCircle } from '@tabler/icons-react'
import { useMay, type Permission } from '../access/may'
import { useAbout } from '../api/queries'
import { useSignOut } from '../api/session'
import type { Session } from '../api/types'
import { paths } from '../app/paths'
import { RangeLink } from '../components/link/RangeLink'

/** What any page of the administration needs. */
const ADMINISTRATION: Permission[] = ['administer-users', 'administer-account', 'view-audit', 'view-system']

export function UserMenu({ user }: { user: Session['user'] }) {
  const signOut = useSignOut()
  const about = useAbout()
  const may = useMay()
  return (
    <Menu position="bottom-end" width={230}>
      <Menu.Target>
        <ActionIcon variant="light" radius="xl" size="md" aria-label={`User menu of ${user.display_name}`}>
          <IconUser size={16} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {user.display_name} ({user.name})
        </Menu.Label>
        <Menu.Item component={RangeLink} to={paths.profile} leftSection={<IconUserCircle size={15} />}>
          Your profile
        </Menu.Item>
        {ADMINISTRATION.some((permission) => may(permission)) && (
          <Menu.Item component={RangeLink} to="/administration" leftSection={<IconSettings size={15} />}>
            Administration
          </Menu.Item>
        )}
        <Menu.Item component="a" href="/ca.pem" download leftSection={<IconCertificate size={15} />}>
          Download the CA
        </Menu.Item>
        <Menu.Item component={RangeLink} to={paths.apiDocs} leftSection={<IconApi size={15} />}>
          REST API
        </Menu.Item>
        <Menu.Item leftSection={<IconLogout size={15} />} onClick={() => void signOut()}>
          Sign out
        </Menu.Item>
        <Menu.Divider />
        <Menu.Label>
          {about.data ? `${about.data.product} ${about.data.version}` : 'Vedette'}
        </Menu.Label>
      </Menu.Dropdown>
    </Menu>
  )
}
