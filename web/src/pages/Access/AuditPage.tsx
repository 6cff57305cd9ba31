import { Button, TextInput } from '@mantine/core'
import { useState, type FormEvent } from 'react'
import { pathWith } from '../../api/client'
import { useList } from '../../api/queries'
import type { AuditEntry } from '../../api/types'
import { useUrlState } from '../../app/urlState'
import { Card } from '../../components/card/Card'
import { Empty } from '../../components/states/Empty'
import { Loaded } from '../../components/states/Loaded'
import { exactMoment, moment } from '../../format/times'
import { serverNow } from '../../time/clock'
import { useTimeRange } from '../../time/TimeRangeContext'
import administration from '../Administration/Administration.module.css'
import page from '../page.module.css'
import styles from './Access.module.css'

const PAGE = 100

/** Who did what, from where, and what it was before and after. */
export function AuditPage() {
  const [q, setQ] = useUrlState('q')
  const [actor, setActor] = useUrlState('actor')
  const [action, setAction] = useUrlState('action')
  const { window } = useTimeRange()
  const filters = { q, actor, action }
  const query = useList<AuditEntry>('/audit', filters, PAGE)
  const file = (format: string) => pathWith('/api/v1/audit/export', { ...filters, format, from: window.from, to: window.to })
  return (
    <div className={page.page}>
      <Card
        title="Audit log"
        note="every change and every sign-in, newest first; kept for 400 days unless set otherwise"
        actions={
          <>
            <Button component="a" href={file('csv')} download variant="default" size="compact-sm">
              CSV
            </Button>
            <Button component="a" href={file('json')} download variant="default" size="compact-sm">
              JSON
            </Button>
          </>
        }
      >
        <div className={styles.filters} role="search" aria-label="Filter the audit log">
          <Filter label="Contains" placeholder="name or id" value={q} onChange={setQ} />
          <Filter label="Who" placeholder="admin" value={actor} onChange={setActor} />
          <Filter label="What was done" placeholder="failed sign-in" value={action} onChange={setAction} />
        </div>
        <Loaded query={query} what="the audit log">
          {(data) =>
            data.items.length === 0 ? (
              <Empty title="Nothing in this range">Another range or fewer filters may show some.</Empty>
            ) : (
              <>
                <Entries entries={data.items} />
                {query.hasNextPage && (
                  <p className={administration.remark}>
                    <Button variant="default" size="compact-sm" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
                      Older ones
                    </Button>
                  </p>
                )}
              </>
            )
          }
        </Loaded>
      </Card>
    </div>
  )
}

/** Asked for with Enter, or when it is left. */
function Filter({ label, placeholder, value, onChange }: { label: string; placeholder: string; value: string; onChange(value: string): void }) {
  const [text, setText] = useState(value)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    onChange(text.trim())
  }
  return (
    <form onSubmit={submit}>
      <TextInput label={label} placeholder={placeholder} maxLength={255} value={text} onChange={(e) => setText(e.currentTarget.value)} onBlur={() => onChange(text.trim())} />
    </form>
  )
}

function Entries({ entries }: { entries: AuditEntry[] }) {
  return (
    <table className={administration.table} aria-label="Audit log">
      <thead>
        <tr>
          <th scope="col">When</th>
          <th scope="col">Who</th>
          <th scope="col">From</th>
          <th scope="col">Did</th>
          <th scope="col">To</th>
        </tr>
      </thead>
      <tbody>
        {entries.map((entry) => (
          <tr key={entry.id}>
            <td title={exactMoment(entry.at)}>{moment(entry.at, serverNow())}</td>
            <td>
              {entry.actor}
              {entry.actor_kind !== 'user' && <div className={page.muted}>{KINDS[entry.actor_kind]}</div>}
            </td>
            <td>{entry.address}</td>
            <td>
              <span className={styles.tag} data-tone={entry.action.startsWith('failed') ? 'crit' : undefined}>
                {entry.action}
              </span>
            </td>
            <td>
              {entry.object_type} {entry.object_name || entry.object_id}
              <States before={entry.before} after={entry.after} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

const KINDS = { system: 'Vedette itself', api_client: 'API client', stranger: 'not signed in', user: '' }

/** What it was and what it is, on request. */
function States({ before, after }: Pick<AuditEntry, 'before' | 'after'>) {
  if (before === null && after === null) return null
  return (
    <details>
      <summary>{before !== null && after !== null ? 'Before and after' : before !== null ? 'Before' : 'After'}</summary>
      {before !== null && (
        <pre className={styles.state} aria-label="Before">
          {JSON.stringify(before, null, 1)}
        </pre>
      )}
      {after !== null && (
        <pre className={styles.state} aria-label="After">
          {JSON.stringify(after, null, 1)}
        </pre>
      )}
    </details>
  )
}
