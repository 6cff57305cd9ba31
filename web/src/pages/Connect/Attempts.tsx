import { IconCircleCheckFilled, IconCircleXFilled, IconPlugConnectedX } from '@tabler/icons-react'
import { useAttempts } from '../../api/queries'
import type { ConnectAttempt, ConnectAttempts } from '../../api/types'
import { Card } from '../../components/card/Card'
import { Empty } from '../../components/states/Empty'
import { Loaded } from '../../components/states/Loaded'
import { count, plural } from '../../format/numbers'
import { exactMoment, moment } from '../../format/times'
import { serverNow } from '../../time/clock'
import styles from './Connect.module.css'

/** Who tried to report, live: what came of it and what to do about it. */
export function Attempts() {
  const query = useAttempts()
  return (
    <Card title="Last attempts" note="live, newest first">
      <Loaded query={query} what="the last attempts">
        {({ items }: ConnectAttempts) =>
          items.length ? (
            <table className={styles.attempts} aria-label="Last attempts to report">
              <thead>
                <tr>
                  <th scope="col">Time</th>
                  <th scope="col">Sender</th>
                  <th scope="col">Asked for</th>
                  <th scope="col">Result</th>
                  <th scope="col">What to do</th>
                </tr>
              </thead>
              <tbody>
                {items.map((attempt) => (
                  <Attempt key={`${attempt.at}-${attempt.sender}-${attempt.code}-${attempt.path}`} attempt={attempt} />
                ))}
              </tbody>
            </table>
          ) : (
            <Empty title="Nobody has tried yet">
              When an agent’s attempt does not show up here, it does not reach this server: check the address, the port and firewalls.
            </Empty>
          )
        }
      </Loaded>
    </Card>
  )
}

const LOOKS = {
  accepted: { Icon: IconCircleCheckFilled, word: 'Accepted' },
  refused: { Icon: IconCircleXFilled, word: 'Refused' },
  failed: { Icon: IconPlugConnectedX, word: 'Failed' },
}

function Attempt({ attempt }: { attempt: ConnectAttempt }) {
  const { Icon, word } = LOOKS[attempt.result]
  return (
    <tr>
      <td title={exactMoment(attempt.at)}>{moment(attempt.at, serverNow())}</td>
      <td>
        {attempt.sender}
        {attempt.tier && <small>{attempt.tier}</small>}
      </td>
      <td>
        {attempt.transport}
        {attempt.path && (
          <small className={styles.path} title={attempt.path}>
            {attempt.path}
          </small>
        )}
      </td>
      <td>
        <span className={styles.result} data-result={attempt.result}>
          <Icon size={15} aria-hidden /> {word}
          {attempt.count > 1 && <em title={plural(attempt.count, 'time')}>×{count(attempt.count)}</em>}
        </span>
      </td>
      <td className={styles.remedy}>
        {attempt.message}
        {attempt.remedy && <strong>{attempt.remedy}</strong>}
      </td>
    </tr>
  )
}
