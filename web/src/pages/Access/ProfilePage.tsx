import { useSession } from '../../api/session'
import type { ListedSession, Page } from '../../api/types'
import { useTitle } from '../../app/useTitle'
import { Card } from '../../components/card/Card'
import { Loaded } from '../../components/states/Loaded'
import page from '../page.module.css'
import { PasswordForm } from './PasswordForm'
import { useOwnSessions } from './queries'
import { SessionsTable } from './SessionsTable'

/** One's own password and sessions. */
export function ProfilePage() {
  const user = useSession().data?.user
  const sessions = useOwnSessions()
  useTitle('Profile')
  return (
    <div className={page.page}>
      <h1 className="sr-only">Your profile</h1>
      <Card title="Your password" note={user && `of ${user.name}`}>
        <PasswordForm />
      </Card>
      <Card title="Your sessions" note="browsers in which you are signed in">
        <Loaded query={sessions} what="your sessions">
          {(data: Page<ListedSession>) => <SessionsTable sessions={data.items} at="/profile/sessions" withUser={false} />}
        </Loaded>
      </Card>
    </div>
  )
}
