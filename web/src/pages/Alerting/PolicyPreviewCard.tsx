import { Card } from '../../components/card/Card'
import { Loaded } from '../../components/states/Loaded'
import { plural } from '../../format/numbers'
import { exactMoment, moment } from '../../format/times'
import { serverNow } from '../../time/clock'
import page from '../page.module.css'
import styles from './Alerting.module.css'
import { usePolicyPreview } from './queries'
import type { NewPolicy, PolicyPreview } from './types'
import { eventWord } from './words'

/** What a draft would have taken of the last day, and what it would say. */
export function PolicyPreviewCard({ draft }: { draft: NewPolicy }) {
  const query = usePolicyPreview(draft)
  return (
    <div className={styles.side}>
      <Loaded query={query} what="the preview">
        {(preview) => (
          <>
            <Card title="Would have matched" note="of the last day">
              <Matched preview={preview} />
            </Card>
            <Card title="What is said" note={preview.made_up ? 'of a made-up event' : 'of the newest of them'}>
              <p className={styles.subject}>{preview.notice.title}</p>
              {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls, by keyboard too */}
              <pre className={styles.said} tabIndex={0} aria-label="Text of the notice">
                {preview.notice.text}
              </pre>
            </Card>
          </>
        )}
      </Loaded>
    </div>
  )
}

function Matched({ preview }: { preview: PolicyPreview }) {
  if (preview.looked_at === 0) return <p className={`${styles.events} ${page.muted}`}>No event happened in the last day.</p>
  return (
    <>
      <p className={styles.subject}>
        {preview.matched} of {plural(preview.looked_at, 'event')}
      </p>
      <ul className={styles.events} aria-label="Events that would have matched">
        {preview.events.map((event) => (
          <li key={event.id}>
            <span title={exactMoment(event.at)}>{moment(event.at, serverNow())}</span> · <b>{eventWord(event.event_type)}</b>
            <div className={page.muted}>{event.summary}</div>
          </li>
        ))}
      </ul>
    </>
  )
}
