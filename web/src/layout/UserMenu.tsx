import { ActionIcon, Menu } from '@mantine/core'
import { IconApi, IconCertificate, IconLogout, IconSettings, IconUser } from '@tabler/icons-react'
import { useAbout } from '../api/queries'
import { useSignOut } from '../api/session'
import type { Session } from '../api/types'
import { paths } from '../app/paths'
import { RangeLink } from '../components/link/RangeLink'

export function UserMenu({ user }: { user: Session['user'] }) {
  const signOut = useSignOut()
  const about = useAbout()
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
        <Menu.Item component={RangeLink} to={paths.administration()} leftSection={<IconSettings size={15} />}>
          Administration
        </Menu.Item>
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
