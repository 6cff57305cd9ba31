import { Button } from '@mantine/core'
import { useState } from 'react'
import { useMay } from '../../access/may'
import type { Baseline, Page } from '../../api/types'
import { paths } from '../../app/paths'
import { useId } from '../../app/useId'
import { useBaselines } from '../../components/baseline/queries'
import { Card } from '../../components/card/Card'
import { RangeLink } from '../../components/link/RangeLink'
import { Loaded } from '../../components/states/Loaded'
import { Sure } from '../Administration/Sure'
import page from '../page.module.css'
import { useAccount } from '../Administration/account'
import styles from './Baselines.module.css'
import { NewBaselineForm } from './NewBaselineForm'
import { useChooseDefault, useDeleteBaseline } from './queries'
import { SeasonPicture } from './SeasonPicture'
import { SEASONS, windowText } from './words'

/** What is normal for an application: which baselines there are, the default one, and what one of them looks like. */
export function BaselinesPage() {
  const application = useId('applicationId')
  const query = useBaselines(application)
  const account = useAccount()
  const mayAdd = useMay()('configure', application)
  const [adding, setAdding] = useState(false)
  return (
    <div className={page.page}>
      <SeasonPicture application={application} />
      <Card
        title="Baselines"
        note={
          account.data && (
            <span className={styles.note}>
              by the hours of <RangeLink to={paths.administration('account')}>{account.data.time_zone}</RangeLink>, the account’s time zone
            </span>
          )
        }
        actions={
          !adding &&
          mayAdd && (
            <Button size="compact-sm" onClick={() => setAdding(true)}>
              Add a baseline
            </Button>
          )
        }
      >
        <Loaded query={query} what="the baselines">
          {(data: Page<Baseline>) => (
            <>
              {adding && <NewBaselineForm application={application} taken={data.items.map((one) => one.name)} onDone={() => setAdding(false)} />}
              <Table application={application} baselines={data.items} />
            </>
          )}
        </Loaded>
        <p className={styles.remark}>
          A baseline is the mean and the deviation σ of a minute’s value in hours that are alike. From 2 σ above it on something is marked as a warning, from 3 σ on as critical; with fewer than 30 calls a minute the band is wider by the mean’s standard error. An hour has a baseline of its season once two hours alike were measured; until then the
          day before stands in, from two hours after the start on.
        </p>
      </Card>
    </div>
  )
}

function Table({ application, baselines }: { application: number; baselines: Baseline[] }) {
  return (
    <div className={styles.wide}>
      <table className={styles.table} aria-label="Baselines">
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Hours that are alike</th>
            <th scope="col">Learnt from</th>
            <th scope="col">Default</th>
            <th scope="col">Change</th>
          </tr>
        </thead>
        <tbody>
          {baselines.map((baseline) => (
            <Row key={baseline.id} application={application} baseline={baseline} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Row({ application, baseline }: { application: number; baseline: Baseline }) {
  const choose = useChooseDefault(application)
  const remove = useDeleteBaseline(application)
  const may = useMay()
  return (
    <tr>
      <td>
        {baseline.name} {baseline.factory && <span className={page.tag}>every application has it</span>}
      </td>
      <td>{SEASONS[baseline.season]}</td>
      <td>{windowText(baseline.window)}</td>
      <td>
        {baseline.default ? (
          <b>default</b>
        ) : (
          may('configure', application) && (
            <Button variant="default" size="compact-xs" aria-label={`Make ${baseline.name} the default`} loading={choose.isPending} onClick={() => choose.mutate(baseline.id)}>
              Make default
            </Button>
          )
        )}
        {choose.error && <p role="alert">{choose.error.message}</p>}
      </td>
      <td>
        {baseline.factory || !may('delete', application) ? (
          <span className={page.muted}>–</span>
        ) : (
          <Sure
            label={`Delete ${baseline.name}`}
            word="Delete"
            question={`“${baseline.name}” goes${baseline.default ? ', and “Daily Trend - Last 30 days” is the default again' : ''}. What was measured stays.`}
            busy={remove.isPending}
            problem={remove.error?.message}
            onSure={() => remove.mutate(baseline.id)}
          />
        )}
      </td>
    </tr>
  )
}
