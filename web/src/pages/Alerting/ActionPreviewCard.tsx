import { Card } from '../../components/card/Card'
import { Loading } from '../../components/states/Loading'
import page from '../page.module.css'
import styles from './Alerting.module.css'
import { useActionPreview } from './queries'
import type { NewAction } from './types'
import { lackOf } from './words'

/** What a draft would send, or why it would not. */
export function ActionPreviewCard({ draft }: { draft: NewAction }) {
  const lack = lackOf(draft.doing)
  const { data, error } = useActionPreview(lack === null ? draft : null)
  return (
    <div className={styles.side}>
      <Card title="What is sent" note="secrets are masked">
        {lack !== null ? (
          <p className={`${styles.events} ${page.muted}`} role="status">
            {lack}
          </p>
        ) : error ? (
          <p className={`${styles.events} ${styles.problem}`} role="status">
            {error.message}
          </p>
        ) : data === undefined ? (
          <Loading what="the preview" />
        ) : (
          <>
            <dl className={styles.facts}>
              <dt>To</dt>
              <dd>{data.target}</dd>
              {data.email && (
                <>
                  <dt>Subject</dt>
                  <dd>{data.email.title}</dd>
                </>
              )}
              {data.headers.map(({ name, value }) => (
                <Header key={name} name={name} value={value} />
              ))}
            </dl>
            {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls, by keyboard too */}
            <pre className={styles.said} tabIndex={0} aria-label="What goes over">
              {data.body}
            </pre>
          </>
        )}
      </Card>
    </div>
  )
}

function Header({ name, value }: { name: string; value: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </>
  )
}
