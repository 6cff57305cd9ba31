import { Card } from '../../components/card/Card'
import { Failed } from '../../components/states/Failed'
import { Loading } from '../../components/states/Loading'
import { count, plural } from '../../format/numbers'
import { useFields } from './Fields'
import styles from './HealthRules.module.css'
import { affectsOf, type Draft } from './model/draft'
import { useAffected } from './queries'

/** Whom the draft would judge just now. */
export function MatchesCard({ draft, sound }: { draft: Draft; sound: boolean }) {
  const { application } = useFields()
  const query = useAffected(application, affectsOf(draft), sound)
  return (
    <Card title="Matches now" note={sound && query.data ? plural(query.data.total, 'entity', 'entities') : undefined}>
      {!sound ? (
        <p className={styles.sentence}>Say whom it affects, and who that is just now stands here.</p>
      ) : query.data ? (
        <Names names={query.data.entities.map((one) => one.name)} total={query.data.total} />
      ) : query.error ? (
        query.error.status === 422 ? <p className={`${styles.sentence} ${styles.problem}`}>{query.error.message}</p> : <Failed what="whom it affects" error={query.error} />
      ) : (
        <Loading what="whom it affects" lines={2} />
      )}
    </Card>
  )
}

function Names({ names, total }: { names: string[]; total: number }) {
  if (total === 0) return <p className={styles.sentence}>Nobody: nothing of this kind and name has reported lately.</p>
  return (
    <>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls, by keyboard too */}
      <ul className={styles.names} tabIndex={0} aria-label="Entities that match now">
        {names.map((name, at) => (
          // oxlint-disable-next-line react/no-array-index-key -- two may have one name
          <li key={`${at} ${name}`} title={name}>
            {name}
          </li>
        ))}
        {total > names.length && <li>and {count(total - names.length)} more</li>}
      </ul>
    </>
  )
}
