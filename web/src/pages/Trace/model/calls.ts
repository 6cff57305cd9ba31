// The spans of a trace put together: those of one operation below the same operations are one call. Pure.
import type { Span } from '../../../api/types'
import type { TreeSpan } from './tree'

export interface Call {
  /** Its place among the calls of its trace, always the same. */
  id: number
  /** Tells it from others below the same call. */
  key: string
  tier: Span['tier']
  name: string
  /** Whom it calls; null where it is no exit call. */
  target: string | null
  depth: number
  parent: Call | null
  children: Call[]
  /** One of its spans: the longest. */
  span: Span
  count: number
  errors: number
  /** Sums over its spans, microseconds. */
  total: number
  self: number
  /** Its own times and those of all below: what is drawn as its width. */
  weight: number
}

/** Alike for the same operation of every trace. */
function keyOf(span: Span): string {
  return [span.tier.name, span.name, span.exit?.target.name ?? ''].join('\n')
}

/** The calls of a trace, each before those below it. Without recursion: a trace may be as deep as it is long. */
export function callsOf(order: readonly TreeSpan[]): Call[] {
  const calls: Call[] = []
  const known = new Map<Call | null, Map<string, Call>>()
  const above: Call[] = []
  for (const { span, depth } of order) {
    const parent = depth === 0 ? null : (above[depth - 1] ?? null)
    const siblings = known.get(parent) ?? new Map<string, Call>()
    known.set(parent, siblings)
    const key = keyOf(span)
    const met = siblings.get(key)
    const call: Call = met ?? { id: 0, key, tier: span.tier, name: span.name, target: span.exit?.target.name ?? null, depth, parent, children: [], span, count: 0, errors: 0, total: 0, self: 0, weight: 0 }
    if (!met) {
      siblings.set(key, call)
      calls.push(call)
      parent?.children.push(call)
    }
    call.count += 1
    call.errors += span.status === 'ERROR' ? 1 : 0
    call.total += span.duration_us
    call.self += span.self_us
    if (span.duration_us > call.span.duration_us) call.span = span
    above[depth] = call
  }
  for (const call of calls.toReversed()) {
    call.weight += call.self
    if (call.parent) call.parent.weight += call.weight
  }
  // A call met late may stand below one met early: parents first again.
  calls.sort((a, b) => a.depth - b.depth)
  for (const [id, call] of calls.entries()) call.id = id
  return calls
}

export interface Frame {
  call: Call
  depth: number
  /** Shares of the width, 0 to 1. */
  left: number
  width: number
}

/** Where each call is drawn below `root` (all roots without one), without those narrower than a share, and how many these are. */
export function framesOf(calls: readonly Call[], root: Call | null, least: number): { frames: Frame[]; narrow: number } {
  const roots = root ? [root] : calls.filter((call) => call.parent === null)
  const whole = roots.reduce((sum, call) => sum + call.weight, 0) || 1
  const frames: Frame[] = []
  let narrow = 0
  let level = [{ siblings: roots, left: 0 }]
  for (let depth = 0; level.length > 0; depth++) {
    const next: typeof level = []
    for (const { siblings, left } of level) {
      let at = left
      for (const call of siblings) {
        const width = call.weight / whole
        if (width < least) narrow += 1
        else {
          frames.push({ call, depth, left: at, width })
          if (call.children.length > 0) next.push({ siblings: call.children, left: at })
        }
        at += width
      }
    }
    level = next
  }
  return { frames, narrow }
}
