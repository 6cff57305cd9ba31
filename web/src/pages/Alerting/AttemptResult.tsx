import styles from './Alerting.module.css'
import type { DeliveryAttempt } from './types'

/** How a try ended, with what the receiver answered. */
export function AttemptResult({ what, attempt }: { what: string; attempt: DeliveryAttempt }) {
  return (
    <div className={styles.result} role="status" data-ok={attempt.ok || undefined}>
      <b>
        {what} {attempt.ok ? 'arrived' : 'did not arrive'}
      </b>{' '}
      after {attempt.took} ms: {attempt.status}
      {attempt.answer && <div>Answer: {attempt.answer}</div>}
    </div>
  )
}
