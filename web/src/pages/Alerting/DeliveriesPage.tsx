import { Button, Select } from '@mantine/core'
import { Fragment } from 'react'
import { useUrlState } from '../../app/urlState'
import { Card } from '../../components/card/Card'
import { Empty } from '../../components/states/Empty'
import { Loaded } from '../../components/states/Loaded'
import { plural } from '../../format/numbers'
import { exactMoment, moment } from '../../format/times'
import { serverNow } from '../../time/clock'
import admin from '../Administration/Administration.module.css'
import page from '../page.module.css'
import styles from './Alerting.module.css'
import { ApplicationSelect, useApplicationFilter } from './AlertingFrame'
import { DeliveryDetail } from './DeliveryDetail'
import { useActions, useDeliveries, usePolicies } from './queries'
import type { Delivery, DeliveryState } from './types'
import { STATE_WORDS } from './words'

const STATES = (Object.keys(STATE_WORDS) as DeliveryState[]).map((state) => ({ value: state, label: STATE_WORDS[state] }))

/** What was told to whom, what they answered, and what was given up. */
export function DeliveriesPage() {
  const [application, setApplication] = useApplicationFilter()
  const [state, setState] = useUrlState('state')
  const [policy, setPolicy] = useUrlState('policy')
  const [action, setAction] = useUrlState('action')
  const [open, setOpen] = useUrlState('open')
  const query = useDeliveries({ application, state, policy, action })
  const policies = usePolicies('policies', null)
  const digests = usePolicies('digests', null)
  const actions = useActions()
  const named = (items: readonly { id: number; name: string }[]) => items.map((one) => ({ value: String(one.id), label: one.name }))
  return (
    <div className={page.page}>
      <Card title="Deliveries" note="kept for 30 days">
        <div className={styles.filters}>
          <ApplicationSelect label="Application" all="All applications" value={application} onChange={setApplication} />
          <Select label="State" placeholder="any" clearable data={STATES} value={state || null} onChange={setState} />
          <Select label="Policy" placeholder="any" clearable data={named([...(policies.data?.items ?? []), ...(digests.data?.items ?? [])])} value={policy || null} onChange={setPolicy} />
          <Select label="Action" placeholder="any" clearable data={named(actions.data?.items ?? [])} value={action || null} onChange={setAction} />
        </div>
        <Loaded query={query} what="the deliveries">
          {(data) =>
            data.items.length === 0 ? (
              <Empty title="Nothing was told">{state || policy || action || application ? 'Nothing that these filters take.' : 'As soon as a policy takes an event, what it tells stands here with the answer.'}</Empty>
            ) : (
              <>
                <table className={admin.table} aria-label="Deliveries">
                  <thead>
                    <tr>
                      <th scope="col">When</th>
                      <th scope="col">Notice</th>
                      <th scope="col">By</th>
                      <th scope="col">State</th>
                      <th scope="col">Last answer</th>
                    </tr>
                  </thead>
                  <tbody>
                    {data.items.map((row) => (
                      <Fragment key={row.id}>
                        <Row row={row} open={open === String(row.id)} onOpen={(on) => setOpen(on ? String(row.id) : null)} />
                        {open === String(row.id) && (
                          <tr>
                            <td colSpan={5}>
                              <DeliveryDetail id={row.id} />
                            </td>
                          </tr>
                        )}
                      </Fragment>
                    ))}
                  </tbody>
                </table>
                {query.hasNextPage && (
                  <div className={styles.foot}>
                    <Button variant="subtle" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
                      Load more
                    </Button>
                  </div>
                )}
              </>
            )
          }
        </Loaded>
      </Card>
    </div>
  )
}

function Row({ row, open, onOpen }: { row: Delivery; open: boolean; onOpen(on: boolean): void }) {
  return (
    <tr>
      <td title={exactMoment(row.at)}>{moment(row.at, serverNow())}</td>
      <td>
        <button type="button" className={page.pick} aria-expanded={open} onClick={() => onOpen(!open)}>
          {row.title}
        </button>
        <div className={page.muted}>{row.policy ? `policy ${row.policy.name || 'that was deleted'}` : 'a test'}</div>
      </td>
      <td>{row.action.name || 'a deleted action'}</td>
      <td>
        <span className={styles.badge} data-state={row.state}>
          {STATE_WORDS[row.state]}
        </span>
        <div className={page.muted}>
          {plural(row.attempts, 'attempt')}
          {row.next_at !== null && `, next ${moment(row.next_at, serverNow())}`}
        </div>
      </td>
      <td>{row.last ? row.last.status : row.state === 'suppressed' ? 'a suppression was on' : 'not tried yet'}</td>
    </tr>
  )
}
