// Where the events of a range stand on a chart: those too close to be told apart are one mark. No React.
import type { Event } from '../../api/types'

/** The plot within its chart, CSS pixels, and the seconds at its edges. */
export interface Geometry {
  left: number
  top: number
  width: number
  height: number
  from: number
  to: number
}

export interface Mark {
  /** Pixels from the plot's left edge. */
  x: number
  /** By time. */
  events: Event[]
  /** One of them is about what the chart shows. */
  strong: boolean
}

/** Marks are as wide as a finger is not: closer ones are one. */
export const APART = 18

/** `about`: the entity that the chart shows; without one every event of the application is about it. */
export function marksOf(events: readonly Event[], plot: Geometry, about: number | null): Mark[] {
  const marks: Mark[] = []
  const span = plot.to - plot.from
  if (span <= 0 || plot.width <= 0) return marks
  const inside = events.filter((e) => e.at / 1000 >= plot.from && e.at / 1000 <= plot.to).sort((a, b) => a.at - b.at || a.id - b.id)
  for (const event of inside) {
    const x = ((event.at / 1000 - plot.from) / span) * plot.width
    const strong = about === null || event.affected.some((entity) => entity.id === about)
    const last = marks.at(-1)
    if (last && x - last.x < APART) {
      last.events.push(event)
      last.strong ||= strong
    } else marks.push({ x, events: [event], strong })
  }
  return marks
}
