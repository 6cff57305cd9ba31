import { Button } from '@mantine/core'
import { useState } from 'react'
import { Link } from 'react-router'
import { useMay } from '../../access/may'
import { paths } from '../../app/paths'
import { useHref } from '../../app/urlState'
import { Card } from '../../components/card/Card'
import { RangeLink } from '../../components/link/RangeLink'
import { Middle } from '../../components/name/Middle'
import { Empty } from '../../components/states/Empty'
import { Loaded } from '../../components/states/Loaded'
import { plural } from '../../format/numbers'
import admin from '../Administration/Administration.module.css'
import { Sure } from '../Administration/Sure'
import page from '../page.module.css'
import { AttemptResult } from './AttemptResult'
import { useActions, useDeleteAction, useTestAction } from './queries'
import type { Action, DeliveryAttempt } from './types'
import { doingWord } from './words'

/** How people are told; each can be tried. */
export function ActionsPage() {
  const query = useActions()
  const href = useHref()
  const [tried, setTried] = useState<{ action: Action; attempt: DeliveryAttempt } | null>(null)
  const make = useMay()('configure') && (
    <Button component={Link} to={href(paths.alerting('actions', 'new'))}>
      Make an action
    </Button>
  )
  return (
    <div className={page.page}>
      <Card title="Actions" note="emails, web hooks, chats, pagers, commands" actions={make}>
        {tried && <AttemptResult what={`Test of ${tried.action.name}`} attempt={tried.attempt} />}
        <Loaded query={query} what="the actions">
          {(data) =>
            data.items.length === 0 ? (
              <Empty title="No action yet">An action is how somebody is told: make one, try it, and let a policy do it.</Empty>
            ) : (
              <table className={admin.table} aria-label="Actions">
                <thead>
                  <tr>
                    <th scope="col">Name</th>
                    <th scope="col">Does</th>
                    <th scope="col">Used by</th>
                    <th scope="col">Change</th>
                  </tr>
                </thead>
                <tbody>
                  {data.items.map((action) => (
                    <ActionRow key={action.id} action={action} onTried={(attempt) => setTried({ action, attempt })} />
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

function ActionRow({ action, onTried }: { action: Action; onTried(attempt: DeliveryAttempt): void }) {
  const remove = useDeleteAction()
  const test = useTestAction()
  const may = useMay()
  return (
    <tr>
      <td>
        <RangeLink to={paths.alerting('actions', action.id)}>{action.name}</RangeLink>
        {action.application && <div className={page.muted}>{action.application.name}</div>}
      </td>
      <td>
        <Middle text={doingWord(action.doing)} />
      </td>
      <td>{action.used_by.length === 0 ? 'nobody' : action.used_by.map((policy) => policy.name).join(', ')}</td>
      <td>
        <span className={admin.key}>
          {may('configure') && (
            <Button size="compact-xs" variant="default" aria-label={`Send a test by ${action.name}`} loading={test.isPending} onClick={() => test.mutate(action.id, { onSuccess: onTried })}>
              Send a test
            </Button>
          )}
          {may('delete') && action.used_by.length === 0 && <Sure label={`Delete ${action.name}`} word="Delete" question={`“${action.name}” goes. No policy tells by it.`} busy={remove.isPending} problem={remove.error?.message} onSure={() => remove.mutate(action.id)} />}
          {may('delete') && action.used_by.length > 0 && <span className={page.muted}>goes once {action.used_by.length === 1 ? 'the policy tells' : `${plural(action.used_by.length, 'policy', 'policies')} tell`} by another</span>}
        </span>
      </td>
    </tr>
  )
}
