import { Button, SegmentedControl } from '@mantine/core'
import { Link } from 'react-router'
import { useMay } from '../../access/may'
import { paths } from '../../app/paths'
import { useHref, useUrlState } from '../../app/urlState'
import { Card } from '../../components/card/Card'
import { RangeLink } from '../../components/link/RangeLink'
import { Empty } from '../../components/states/Empty'
import { Loaded } from '../../components/states/Loaded'
import { minuteOf } from '../../format/times'
import { midnights } from '../../layout/localInput'
import { serverNow } from '../../time/clock'
import admin from '../Administration/Administration.module.css'
import { Sure } from '../Administration/Sure'
import page from '../page.module.css'
import styles from './Alerting.module.css'
import { ApplicationSelect, useApplicationFilter } from './AlertingFrame'
import { useDeleteSuppression, useSuppressions } from './queries'
import type { Suppression } from './types'
import { WindowsPicture } from './WindowsPicture'
import { selectionWord, windowWord } from './words'

const DAY = 86_400_000

/** When nobody is told, as a picture and as a list. */
export function SuppressionsPage() {
  const [application, setApplication] = useApplicationFilter()
  const [span, setSpan] = useUrlState('days', '7')
  const days = span === '28' ? 28 : 7
  const begins = midnights(serverNow(), days)
  const begin = begins[0] ?? 0
  const query = useSuppressions(begin, days, application)
  const href = useHref()
  const make = useMay()('configure') && (
    <Button component={Link} to={href(paths.alerting('suppressions', 'new'))}>
      Make a suppression
    </Button>
  )
  return (
    <div className={page.page}>
      <div className={styles.row}>
        <ApplicationSelect label="Of" all="All applications" value={application} onChange={setApplication} />
        <span />
        <span />
      </div>
      <Card title="Suppressions" note="ends are told nevertheless to whoever was told the beginning" actions={make}>
        <Loaded query={query} what="the suppressions">
          {(data) =>
            data.items.length === 0 ? (
              <Empty title="No suppression">While a release is rolled out, or at night, nobody needs to be told what is expected then.</Empty>
            ) : (
              <>
                <div className={styles.filters}>
                  <SegmentedControl
                    aria-label="Days in the picture"
                    value={String(days)}
                    data={[
                      { value: '7', label: '7 days' },
                      { value: '28', label: '28 days' },
                    ]}
                    onChange={setSpan}
                  />
                </div>
                <WindowsPicture rows={data.items} days={begins} end={begin + days * DAY} now={serverNow()} />
                <List rows={data.items} />
              </>
            )
          }
        </Loaded>
      </Card>
    </div>
  )
}

function List({ rows }: { rows: Suppression[] }) {
  return (
    <table className={admin.table} aria-label="Suppressions">
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col">Application</th>
          <th scope="col">When</th>
          <th scope="col">What</th>
          <th scope="col">Change</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <Row key={row.id} row={row} />
        ))}
      </tbody>
    </table>
  )
}

function Row({ row }: { row: Suppression }) {
  const remove = useDeleteSuppression()
  const mayDelete = useMay()('delete')
  const what = [row.rules.length ? `rules ${row.rules.join(', ')}` : 'everything', row.entities.length ? `on ${row.entities.map(selectionWord).join(', ')}` : ''].filter(Boolean).join(' ')
  return (
    <tr data-off={row.enabled ? undefined : true}>
      <td>
        <RangeLink to={paths.alerting('suppressions', row.id)}>{row.name}</RangeLink>
        <div className={page.muted}>{!row.enabled ? 'switched off' : row.on ? 'on now' : 'off now'}</div>
      </td>
      <td>{row.application?.name ?? 'all'}</td>
      <td>{windowWord(row.window, minuteOf)}</td>
      <td>{what}</td>
      <td>
        {mayDelete && <Sure label={`Delete ${row.name}`} word="Delete" question={`What “${row.name}” kept quiet is told again from now on.`} busy={remove.isPending} problem={remove.error?.message} onSure={() => remove.mutate(row.id)} />}
      </td>
    </tr>
  )
}
