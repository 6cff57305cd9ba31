import page from '../page.module.css'
import { Attempts } from '../Connect/Attempts'

/** Who tried to report, and why those that failed did. */
export function AttemptsPage() {
  return (
    <div className={page.page}>
      <Attempts />
    </div>
  )
}
