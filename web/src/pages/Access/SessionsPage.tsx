import type { ListedSession, Page } from '../../api/types'
import { Card } from '../../components/card/Card'
import { Empty } from '../../components/states/Empty'
import { Loaded } from '../../components/states/Loaded'
import page from '../page.module.css'
import { useSessions } from './queries'
import { SessionsTable } from './SessionsTable'

/** Who is signed in. */
export function SessionsPage() {
  const query = useSessions()
  return (
    <div className={page.page}>
      <Card title="Sessions" note="browsers that are signed in; programs sign each request and have none">
        <Loaded query={query} what="the sessions">
          {(data: Page<ListedSession>) => (data.items.length === 0 ? <Empty title="Nobody is signed in by a browser" /> : <SessionsTable sessions={data.items} at="/sessions" withUser />)}
        </Loaded>
      </Card>
    </div>
  )
}
