import { Loaded } from '../../components/states/Loaded'
import { exactMoment } from '../../format/times'
import page from '../page.module.css'
import styles from './Alerting.module.css'
import { useDelivery } from './queries'

/** One delivery: what was said, and each attempt with its answer. */
export function DeliveryDetail({ id }: { id: number }) {
  const query = useDelivery(id)
  return (
    <Loaded query={query} what="the delivery">
      {({ attempts, notice }) => (
        <>
          {attempts.length > 0 && (
            <ul className={styles.attempts} aria-label="Attempts">
              {attempts.map((attempt) => (
                <li key={attempt.at}>
                  <b>{attempt.ok ? 'Delivered' : 'Failed'}</b> {exactMoment(attempt.at)}, {attempt.took} ms: {attempt.status}
                  <div className={page.muted}>{attempt.target}</div>
                  {attempt.answer && <pre aria-label="Answer">{attempt.answer}</pre>}
                </li>
              ))}
            </ul>
          )}
          {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls, by keyboard too */}
          <pre className={styles.said} tabIndex={0} aria-label="Text of the notice">
            {notice.text}
          </pre>
        </>
      )}
    </Loaded>
  )
}
