import type { ListedSession } from '../../api/types'
import { ago, exactMoment } from '../../format/times'
import { serverNow } from '../../time/clock'
import administration from '../Administration/Administration.module.css'
import { Sure } from '../Administration/Sure'
import styles from './Access.module.css'
import { useDelete } from './queries'

interface Props {
  sessions: ListedSession[]
  /** Where one is ended: `/sessions` or `/profile/sessions`. */
  at: string
  withUser: boolean
}

export function SessionsTable({ sessions, at, withUser }: Props) {
  return (
    <table className={administration.table} aria-label="Sessions">
      <thead>
        <tr>
          {withUser && <th scope="col">User</th>}
          <th scope="col">Browser</th>
          <th scope="col">From</th>
          <th scope="col">Began</th>
          <th scope="col">Last seen</th>
          <th scope="col">Change</th>
        </tr>
      </thead>
      <tbody>
        {sessions.map((session) => (
          <SessionRow key={session.id} session={session} at={at} withUser={withUser} />
        ))}
      </tbody>
    </table>
  )
}

function SessionRow({ session, at, withUser }: { session: ListedSession } & Omit<Props, 'sessions'>) {
  const end = useDelete(at)
  return (
    <tr>
      {withUser && <td>{session.user}</td>}
      <td title={session.agent}>
        <span className={styles.agent}>{session.agent || 'not known'}</span>
      </td>
      <td>{session.address || 'not known'}</td>
      <td title={exactMoment(session.began_at)}>{session.began_at === 0 ? 'not known' : ago(session.began_at, serverNow())}</td>
      <td title={exactMoment(session.seen_at)}>{session.seen_at === 0 ? 'not known' : ago(session.seen_at, serverNow())}</td>
      <td>
        {session.own ? (
          <span className={styles.tag}>This browser</span>
        ) : (
          <Sure label={`End the session of ${session.user} from ${session.address}`} word="End" question="Whoever uses it has to sign in again." busy={end.isPending} problem={end.error?.message} onSure={() => end.mutate(session.id)} />
        )}
      </td>
    </tr>
  )
}
