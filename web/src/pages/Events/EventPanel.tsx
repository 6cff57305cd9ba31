import { Button, CloseButton } from '@mantine/core'
import { useMay } from '../../access/may'
import type { Event } from '../../api/types'
import { Card } from '../../components/card/Card'
import { ANOMALY, anomalyOf, labelOf } from '../../components/event/kinds'
import { SeverityBadge } from '../../components/event/SeverityBadge'
import { RangeLink } from '../../components/link/RangeLink'
import { Loaded } from '../../components/states/Loaded'
import { paths } from '../../app/paths'
import { plural } from '../../format/numbers'
import { exactMoment } from '../../format/times'
import { Affected, Entity } from './Affected'
import styles from './Events.module.css'
import { useEvent, useMarkEvent } from './queries'

const AROUND = 30 * 60_000

/** One event whole: what it says, whom it affects, and what people made of it. */
export function EventPanel({ id, onClose }: { id: number; onClose(): void }) {
  const query = useEvent(id)
  return (
    <Card title="Event" note={`no. ${id}`} actions={<CloseButton aria-label="Close the event" onClick={onClose} />}>
      <Loaded query={query} what="the event" lines={6}>
        {(event: Event) => <Details event={event} />}
      </Loaded>
    </Card>
  )
}

function Details({ event }: { event: Event }) {
  const anomaly = anomalyOf(event)
  const properties = event.properties.filter(({ name }) => !anomaly || name !== ANOMALY)
  return (
    <div className={styles.details}>
      <h3>{event.summary}</h3>
      <p className={styles.line}>
        <SeverityBadge severity={event.severity} /> {labelOf(event)}
      </p>
      <dl className={styles.facts}>
        <dt>When</dt>
        <dd>
          {exactMoment(event.at)}
          {event.repeats > 1 && <> and {plural(event.repeats - 1, 'time')} more soon after</>}
        </dd>
        <dt>Affects</dt>
        <dd className={styles.affected}>
          <Affected event={event} />
        </dd>
        {event.triggered && (
          <>
            <dt>Because of</dt>
            <dd>
              <Entity entity={event.triggered} application={event.application?.id} />
            </dd>
          </>
        )}
        {properties.map((property) => (
          <Property key={`${property.name} ${property.value}`} {...property} />
        ))}
        <dt>Type</dt>
        <dd>
          <code>{event.type}</code>
        </dd>
      </dl>
      {event.comment && <p className={styles.comment}>{event.comment}</p>}
      {anomaly && <RangeLink {...anomaly}>The anomaly: what deviated, and what most likely caused it</RangeLink>}
      <Marks event={event} />
      {event.application && (
        <RangeLink to={paths.application(event.application.id)} extra={{ range: null, from: event.at - AROUND, to: event.at + AROUND }}>
          The application half an hour before and after
        </RangeLink>
      )}
    </div>
  )
}

function Property({ name, value }: { name: string; value: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{value || '–'}</dd>
    </>
  )
}

function Marks({ event }: { event: Event }) {
  const mark = useMarkEvent(event.id)
  if (!useMay()('configure', event.application?.id)) return null
  return (
    <div className={styles.marks}>
      <Button size="compact-sm" variant="default" loading={mark.isPending} onClick={() => mark.mutate({ is_resolved: !event.is_resolved })}>
        {event.is_resolved ? 'Not resolved after all' : 'Mark as resolved'}
      </Button>
      <Button size="compact-sm" variant="default" loading={mark.isPending} onClick={() => mark.mutate({ is_read: !event.is_read })}>
        {event.is_read ? 'Mark as not read' : 'Mark as read'}
      </Button>
      {mark.error && <p role="alert">{mark.error.message}</p>}
    </div>
  )
}
