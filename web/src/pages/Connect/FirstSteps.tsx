import styles from './Connect.module.css'
import { ConnectPanel } from './ConnectPanel'

/** What the applications page is while there is no application. */
export function FirstSteps() {
  return (
    <div className={styles.first} data-state="empty">
      <header className={styles.hero}>
        <h1>No application reports yet</h1>
        <p>
          Connect one: the commands below carry this server’s own address, access key and CA. This page opens the flow map when the first span arrives.
          <span className={styles.waiting} role="status">
            <i aria-hidden /> Waiting for the first span
          </span>
        </p>
      </header>
      <ConnectPanel />
    </div>
  )
}
