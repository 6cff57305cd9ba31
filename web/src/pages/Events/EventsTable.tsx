import { useMemo } from 'react'
import type { Event } from '../../api/types'
import { useUrlState } from '../../app/urlState'
import { kindOf, labelOf, SEVERITIES } from '../../components/event/kinds'
import { SeverityBadge } from '../../components/event/SeverityBadge'
import { DataTable, type Column, type Rest } from '../../components/table/DataTable'
import { ago, exactMoment, moment } from '../../format/times'
import { useTimeRange } from '../../time/TimeRangeContext'
import page from '../page.module.css'
import { Affected } from './Affected'
import styles from './Events.module.css'

interface Props {
  rows: Event[]
  /** Without one: of all. */
  application?: number
  selected: number | null
  rest: Rest
}

export function EventsTable({ rows, application, selected, rest }: Props) {
  const { now } = useTimeRange()
  const [, select] = useUrlState('event')
  const columns = useMemo(() => {
    const all: (Column<Event> | false)[] = [
      { key: 'at', label: 'When', value: (e) => e.at, width: '150px', render: (e) => <time title={exactMoment(e.at)}>{moment(e.at, now)} <span className={page.muted}>{ago(e.at, now)}</span></time> },
      { key: 'severity', label: 'Severity', value: (e) => SEVERITIES.indexOf(e.severity), width: '96px', render: (e) => <SeverityBadge severity={e.severity} /> },
      { key: 'type', label: 'Type', value: labelOf, width: '176px', render: (e) => <Kind event={e} /> },
      {
        key: 'summary',
        label: 'Summary',
        value: (e) => e.summary,
        render: (e) => (
          <button type="button" className={`${page.pick} ${styles.summary}`} title={e.summary} data-done={e.is_resolved || undefined} onClick={() => select(String(e.id))}>
            {e.summary}
          </button>
        ),
      },
      { key: 'affected', label: 'Affects', render: (e) => <Affected event={e} narrowest /> },
      application === undefined && { key: 'application', label: 'Application', value: (e) => e.application?.name ?? '', render: (e) => e.application?.name ?? <span className={page.muted}>account</span> },
    ]
    return all.filter((column) => column !== false)
  }, [application, now, select])
  return <DataTable label="Events" rows={rows} columns={columns} rowKey={(e) => e.id} defaultSort="-at" sortParam="event-sort" isSelected={(e) => e.id === selected} onRowClick={(e) => select(String(e.id))} rest={rest} />
}

function Kind({ event }: { event: Event }) {
  const { icon: Icon } = kindOf(event.type)
  return (
    <span className={styles.kind} title={event.type}>
      <Icon size={14} stroke={1.7} aria-hidden />
      {labelOf(event)}
    </span>
  )
}
