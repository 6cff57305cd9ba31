import { Button } from '@mantine/core'
import { Link } from 'react-router'
import { useMay } from '../../access/may'
import { paths } from '../../app/paths'
import { useHref } from '../../app/urlState'
import { useId } from '../../app/useId'
import { Card } from '../../components/card/Card'
import { RangeLink } from '../../components/link/RangeLink'
import { Empty } from '../../components/states/Empty'
import { Loaded } from '../../components/states/Loaded'
import { plural } from '../../format/numbers'
import admin from '../Administration/Administration.module.css'
import { Sure } from '../Administration/Sure'
import page from '../page.module.css'
import { timesWord } from './model/words'
import { useDeleteSchedule, useRules, useSchedules } from './queries'
import { NotAllowed } from './RulesPage'
import type { HealthRule, RuleSchedule } from './types'

/** When rules of an application hold. */
export function SchedulesPage() {
  const application = useId('applicationId')
  const query = useSchedules(application)
  const rules = useRules(application).data?.items ?? []
  const mayConfigure = useMay()('configure', application)
  const href = useHref()
  return (
    <div className={page.page}>
      <Card
        title="Schedules"
        note="when rules hold"
        actions={
          <>
            <RangeLink to={paths.healthRules(application)}>Health rules</RangeLink>
            {mayConfigure && (
              <Button component={Link} to={href(paths.schedule(application, 'new'))}>
                Make a schedule
              </Button>
            )}
          </>
        }
      >
        {!mayConfigure && <NotAllowed what="change schedules" />}
        <Loaded query={query} what="the schedules">
          {(data) =>
            data.items.length === 0 ? (
              <Empty title="No schedule yet">Rules hold always unless they go by a schedule: working hours, nights, the first Monday of a month.</Empty>
            ) : (
              <table className={admin.table} aria-label="Schedules">
                <thead>
                  <tr>
                    <th scope="col">Name</th>
                    <th scope="col">On</th>
                    <th scope="col">Used by</th>
                    <th scope="col">Change</th>
                  </tr>
                </thead>
                <tbody>
                  {data.items.map((row) => (
                    <Row key={row.id} application={application} row={row} users={rules.filter(({ rule }) => rule.schedule === row.schedule.name)} />
                  ))}
                </tbody>
              </table>
            )
          }
        </Loaded>
      </Card>
    </div>
  )
}

function Row({ application, row: { id, schedule }, users }: { application: number; row: RuleSchedule; users: HealthRule[] }) {
  const remove = useDeleteSchedule(application)
  const may = useMay()
  return (
    <tr>
      <td>
        <RangeLink to={paths.schedule(application, id)}>{schedule.name}</RangeLink>
        {schedule.description && <div className={page.muted}>{schedule.description}</div>}
      </td>
      <td>{timesWord(schedule)}</td>
      <td>
        {users.length === 0
          ? 'no rule'
          : users.map((one, at) => (
              <span key={one.id}>
                {at > 0 && ', '}
                <RangeLink to={paths.healthRule(application, one.id)}>{one.rule.name}</RangeLink>
              </span>
            ))}
      </td>
      <td>
        {!may('delete', application) ? (
          <span className={page.muted}>–</span>
        ) : users.length > 0 ? (
          <span className={page.muted}>goes once {users.length === 1 ? 'the rule has' : `${plural(users.length, 'rule')} have`} another</span>
        ) : (
          <Sure label={`Delete ${schedule.name}`} word="Delete" question={`“${schedule.name}” goes. No rule uses it.`} busy={remove.isPending} problem={remove.error?.message} onSure={() => remove.mutate(id)} />
        )}
        {remove.error && <p role="alert">{remove.error.message}</p>}
      </td>
    </tr>
  )
}
