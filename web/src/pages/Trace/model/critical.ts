// Where the time of a trace went: of each span on the critical path the times in which nothing below it was. Pure.
//
// Which spans are on the path is decided by the server, for all who ask alike; here their own parts of it are cut out.
// Together the parts are the time from the trace's beginning to the end of its first root.
import type { Span } from '../../../api/types'
import type { TreeSpan } from './tree'

/** A stretch of time, microseconds since the trace's beginning. */
export interface Section {
  from: number
  to: number
}

/** What an operation adds to the time that somebody waited. */
export interface Step {
  tier: Span['tier']
  name: string
  /** The span that adds most. */
  span: string
  spans: number
  us: number
}

const endOf = (span: Span) => span.start_us + span.duration_us

/** The own sections of each span on the path, by span id, in order. */
export function sectionsOf(order: readonly TreeSpan[]): Map<string, Section[]> {
  const below = new Map<string, Span[]>()
  for (const { span } of order) {
    if (!span.critical || span.parent_span_id === null) continue
    const siblings = below.get(span.parent_span_id)
    if (siblings) siblings.push(span)
    else below.set(span.parent_span_id, [span])
  }
  const sections = new Map<string, Section[]>()
  // Parents come first: what a parent gave up is within its own time only.
  const limits = new Map<string, Section>()
  for (const { span } of order) {
    if (!span.critical) continue
    const limit = limits.get(span.span_id)
    const from = Math.max(span.start_us, limit?.from ?? span.start_us)
    const to = Math.min(endOf(span), limit?.to ?? endOf(span))
    const own: Section[] = []
    let at = from
    for (const child of (below.get(span.span_id) ?? []).toSorted((a, b) => a.start_us - b.start_us)) {
      const start = Math.min(to, Math.max(at, child.start_us))
      const end = Math.min(to, Math.max(start, endOf(child)))
      if (start > at) own.push({ from: at, to: start })
      limits.set(child.span_id, { from: start, to: end })
      at = Math.max(at, end)
    }
    if (to > at) own.push({ from: at, to })
    sections.set(span.span_id, own)
  }
  return sections
}

export const lengthOf = (sections: readonly Section[]): number => sections.reduce((sum, { from, to }) => sum + to - from, 0)

/** A path of boxes over an axis of 1000 units. What lies closer than a unit is one: a span may have thousands of sections. */
export function outlineOf(sections: readonly Section[], scale: Section): string {
  const unit = Math.max(1, scale.to - scale.from) / 1000
  const boxes: Section[] = []
  for (const section of sections) {
    const from = Math.max(0, (section.from - scale.from) / unit)
    const to = Math.min(1000, (section.to - scale.from) / unit)
    const last = boxes.at(-1)
    if (to <= 0 || from >= 1000) continue
    if (last && from - last.to < 1) last.to = Math.max(last.to, to)
    else boxes.push({ from, to: Math.max(to, from + 1) })
  }
  const text = (number: number) => String(Math.round(number * 10) / 10)
  return boxes.map(({ from, to }) => `M${text(from)} 0H${text(to)}V1H${text(from)}Z`).join('')
}

/** The path by operation, what takes most first. */
export function stepsOf(order: readonly TreeSpan[], sections: ReadonlyMap<string, Section[]>): Step[] {
  const steps = new Map<string, Step & { most: number }>()
  for (const { span } of order) {
    const us = lengthOf(sections.get(span.span_id) ?? [])
    if (us === 0) continue
    const key = `${span.tier.id}\n${span.name}`
    const step = steps.get(key) ?? { tier: span.tier, name: span.name, span: span.span_id, spans: 0, us: 0, most: 0 }
    steps.set(key, { ...step, spans: step.spans + 1, us: step.us + us, ...(us > step.most ? { span: span.span_id, most: us } : {}) })
  }
  return [...steps.values()].sort((a, b) => b.us - a.us)
}
