import { useMemo } from 'react'
import { Link } from 'react-router'
import { paths } from '../../app/paths'
import { useHref } from '../../app/urlState'
import { plural } from '../../format/numbers'
import { minuteOf, timeOf } from '../../format/times'
import { anomalyOf, kindOf, labelOf, worst } from '../event/kinds'
import { useChartEvents } from './ChartEvents'
import styles from './EventMarks.module.css'
import { marksOf, type Geometry, type Mark } from './marks'

const SHOWN = 5

/** The application's events over a chart: a line each, a sign that leads to it, and what it says under the pointer or the focus. */
export function EventMarks({ plot }: { plot: Geometry }) {
  const known = useChartEvents()
  const marks = useMemo(() => (known ? marksOf(known.events, plot, known.about) : []), [known, plot])
  if (!known || marks.length === 0) return null
  return (
    <ul className={styles.marks} style={{ left: plot.left, top: plot.top, width: plot.width, height: plot.height }} aria-label="Events on this chart">
      {marks.map((mark) => (
        <MarkItem key={mark.events[0]?.id} mark={mark} application={known.application} width={plot.width} />
      ))}
    </ul>
  )
}

function MarkItem({ mark, application, width }: { mark: Mark; application: number; width: number }) {
  const href = useHref()
  const { events, x, strong } = mark
  const [first] = events
  const last = events.at(-1)
  if (!first || !last) return null
  const kinds = new Set(events.map((event) => event.type))
  const Icon = kinds.size === 1 ? kindOf(first.type).icon : undefined
  const page = paths.events(application)
  const anomaly = events.length === 1 ? anomalyOf(first) : null
  // Several: the page of just these.
  const to = anomaly ? href(anomaly.to, anomaly.extra) : events.length === 1 ? href(page, { event: first.id }) : `${page}?from=${first.at - 1000}&to=${last.at + 1000}`
  const name = events.length === 1 ? `${labelOf(first)}, ${minuteOf(first.at)}: ${first.summary}` : `${plural(events.length, 'event')} from ${minuteOf(first.at)}: ${events.slice(0, SHOWN).map((e) => e.summary).join('; ')}`
  return (
    <li className={styles.mark} style={{ left: x }} data-strong={strong || undefined} data-severity={worst(events)}>
      <Link className={styles.sign} to={to} aria-label={name}>
        {Icon && <Icon size={11} stroke={2} aria-hidden />}
        {events.length > 1 && <span aria-hidden>{events.length}</span>}
      </Link>
      <span className={styles.tip} style={tipAt(x, width)} aria-hidden>
        {events.slice(0, SHOWN).map((event) => (
          <span key={event.id}>
            <time>{timeOf(event.at)}</time> <b>{labelOf(event)}</b> {event.summary}
          </span>
        ))}
        {events.length > SHOWN && <span>and {events.length - SHOWN} more</span>}
      </span>
    </li>
  )
}

const TIP = 320

/** Around its mark, but within the plot: what is around that may cut it off. */
function tipAt(x: number, width: number): { left: number; width: number } {
  const wide = Math.min(TIP, width)
  return { left: Math.min(Math.max(x - wide / 2, 0), width - wide) - x, width: wide }
}
