import { Button } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import { useMay } from '../../access/may'
import type { Event, Page } from '../../api/types'
import { useUrlState } from '../../app/urlState'
import { Card } from '../../components/card/Card'
import { Empty } from '../../components/states/Empty'
import { Loaded } from '../../components/states/Loaded'
import { plural } from '../../format/numbers'
import page from '../page.module.css'
import { EventPanel } from './EventPanel'
import styles from './Events.module.css'
import { EventsTable } from './EventsTable'
import { FilterBar } from './FilterBar'
import { PostEvent } from './PostEvent'
import { useEvents, useEventSummary, type EventFilter } from './queries'

/** Events, newest first, what they are narrowed by, and the one that is looked at. */
export function EventsView({ application }: { application?: number }) {
  const [type] = useUrlState('type')
  const [severity] = useUrlState('severity')
  const [text] = useUrlState('filter')
  const [state] = useUrlState('state')
  const [selected, select] = useUrlState('event')
  const [posting, setPosting] = useUrlState('post')
  const mayPost = useMay()('configure', application)
  const filter: EventFilter = { application, type, severity, text, unresolved: state === 'open' || undefined }
  const query = useEvents(filter)
  const summary = useEventSummary(filter)
  const narrowed = Boolean(type || severity || text || state)
  const id = /^\d+$/.test(selected) ? Number(selected) : null
  return (
    <div className={page.page}>
      {application !== undefined && mayPost && posting !== '' && <PostEvent application={application} onDone={(made) => (setPosting(null), made && select(String(made.id)))} />}
      <div className={styles.beside} data-open={id !== null || undefined}>
        <Card
          title="Events"
          note={summary.data && `${plural(summary.data.total, 'event')} in this range`}
          actions={
            application !== undefined &&
            mayPost &&
            posting === '' && (
              <Button size="compact-sm" variant="light" leftSection={<IconPlus size={14} />} onClick={() => setPosting('event')}>
                Post an event
              </Button>
            )
          }
        >
          <FilterBar summary={summary.data} />
          <Loaded query={query} what="the events">
            {(data: Page<Event>) =>
              data.items.length ? (
                <EventsTable rows={data.items} application={application} selected={id} rest={query} />
              ) : narrowed ? (
                <Empty title="No event matches">Take a filter away, or choose a longer range.</Empty>
              ) : (
                <Empty title="No event in this range">Deployments, restarts and changes that Vedette finds stand here, and what scripts and people post.</Empty>
              )
            }
          </Loaded>
        </Card>
        {id !== null && <EventPanel id={id} onClose={() => select(null)} />}
      </div>
    </div>
  )
}
