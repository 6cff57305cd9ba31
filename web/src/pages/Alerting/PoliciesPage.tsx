import { Button } from '@mantine/core'
import { useMay } from '../../access/may'
import { paths } from '../../app/paths'
import { useHref } from '../../app/urlState'
import { Card } from '../../components/card/Card'
import { RangeLink } from '../../components/link/RangeLink'
import { Empty } from '../../components/states/Empty'
import { Loaded } from '../../components/states/Loaded'
import { Link } from 'react-router'
import admin from '../Administration/Administration.module.css'
import { Sure } from '../Administration/Sure'
import page from '../page.module.css'
import styles from './Alerting.module.css'
import { ApplicationSelect, useApplicationFilter } from './AlertingFrame'
import { useDeletePolicy, usePolicies, type PolicyKind } from './queries'
import type { Policy } from './types'
import { policyWord } from './words'

/** Policies, and digests below them. */
export function PoliciesPage() {
  const [application, setApplication] = useApplicationFilter()
  return (
    <div className={page.page}>
      <div className={styles.row}>
        <ApplicationSelect label="Of" all="All applications" value={application} onChange={setApplication} />
        <span />
        <span />
      </div>
      <PolicyList kind="policies" title="Policies" note="tell as it happens" application={application} empty="No policy yet" makes="Make a policy">
        A policy says which events are told to whom. Make an action first: an email, a chat, a pager.
      </PolicyList>
      <PolicyList kind="digests" title="Digests" note="tell all of some hours in one email" application={application} empty="No digest yet" makes="Make a digest">
        A digest tells every day, or every few hours, what happened since the last one.
      </PolicyList>
    </div>
  )
}

interface ListProps {
  kind: PolicyKind
  title: string
  note: string
  application: number | null
  empty: string
  makes: string
  children: string
}

function PolicyList({ kind, title, note, application, empty, makes, children }: ListProps) {
  const query = usePolicies(kind, application)
  const href = useHref()
  const make = useMay()('configure') && (
    <Button component={Link} to={href(paths.alerting(kind, 'new'))}>
      {makes}
    </Button>
  )
  return (
    <Card title={title} note={note} actions={make}>
      <Loaded query={query} what={`the ${kind}`}>
        {(data) =>
          data.items.length === 0 ? (
            <Empty title={empty}>{children}</Empty>
          ) : (
            <table className={admin.table} aria-label={title}>
              <thead>
                <tr>
                  <th scope="col">Name</th>
                  <th scope="col">Application</th>
                  <th scope="col">Takes</th>
                  <th scope="col">Tells by</th>
                  <th scope="col">Change</th>
                </tr>
              </thead>
              <tbody>
                {data.items.map((policy) => (
                  <PolicyRow key={policy.id} kind={kind} policy={policy} />
                ))}
              </tbody>
            </table>
          )
        }
      </Loaded>
    </Card>
  )
}

function PolicyRow({ kind, policy }: { kind: PolicyKind; policy: Policy }) {
  const remove = useDeletePolicy(kind)
  const mayDelete = useMay()('delete')
  return (
    <tr data-off={policy.enabled ? undefined : true}>
      <td>
        <RangeLink to={paths.alerting(kind, policy.id)}>{policy.name}</RangeLink>
        {!policy.enabled && <div className={page.muted}>switched off</div>}
      </td>
      <td>{policy.application?.name ?? 'all'}</td>
      <td>
        {policyWord(policy)}
        {policy.every_hours !== null && <div className={page.muted}>every {policy.every_hours} h</div>}
      </td>
      <td>
        {policy.actions.length === 0
          ? 'nothing: it only counts'
          : policy.actions.map((action, at) => (
              <span key={action.id}>
                {at > 0 && ', '}
                {action.name ? <RangeLink to={paths.alerting('actions', action.id)}>{action.name}</RangeLink> : 'a deleted action'}
              </span>
            ))}
      </td>
      <td>
        {mayDelete && <Sure label={`Delete ${policy.name}`} word="Delete" question={`“${policy.name}” tells nobody anything any more.`} busy={remove.isPending} problem={remove.error?.message} onSure={() => remove.mutate(policy.id)} />}
      </td>
    </tr>
  )
}
