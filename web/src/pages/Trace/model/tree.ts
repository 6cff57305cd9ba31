// The spans of a trace in the order a waterfall shows them, and which of them are visible. Pure.
import type { Span } from '../../../api/types'

export interface TreeSpan {
  span: Span
  depth: number
  children: number
  /** This span and all below it. */
  size: number
  /** Its parent is named but not in the trace. */
  orphan: boolean
}

function byStart(a: Span, b: Span): number {
  return a.start_us - b.start_us || b.duration_us - a.duration_us
}

/** Depth first, children by start. What no root reaches (a cycle) is shown as further roots: every span appears once. */
export function treeOf(spans: readonly Span[]): TreeSpan[] {
  const ids = new Set(spans.map((s) => s.span_id))
  const below = new Map<string, Span[]>()
  const roots: Span[] = []
  for (const span of spans) {
    const parent = span.parent_span_id
    if (parent === null || !ids.has(parent) || parent === span.span_id) roots.push(span)
    else if (below.has(parent)) below.get(parent)?.push(span)
    else below.set(parent, [span])
  }
  const order: TreeSpan[] = []
  const seen = new Set<string>()
  for (const root of roots.sort(byStart)) walk(root, below, ids, seen, order)
  for (const span of spans) if (!seen.has(span.span_id)) walk(span, below, ids, seen, order)
  return order
}

/** Without recursion: a trace may be as deep as it is long. */
function walk(root: Span, below: Map<string, Span[]>, ids: ReadonlySet<string>, seen: Set<string>, order: TreeSpan[]): void {
  const open: { at: number; depth: number }[] = []
  const stack = [{ span: root, depth: 0 }]
  const close = (depth: number) => {
    for (let top = open.at(-1); top && top.depth >= depth; top = open.at(-1)) {
      const entry = order[top.at]
      if (entry) entry.size = order.length - top.at
      open.pop()
    }
  }
  for (let next = stack.pop(); next; next = stack.pop()) {
    const { span, depth } = next
    if (seen.has(span.span_id)) continue
    seen.add(span.span_id)
    close(depth)
    const children = (below.get(span.span_id) ?? []).filter((c) => !seen.has(c.span_id)).sort(byStart)
    open.push({ at: order.length, depth })
    order.push({ span, depth, children: children.length, size: 1, orphan: span.parent_span_id !== null && !ids.has(span.parent_span_id) })
    for (const child of children.reverse()) stack.push({ span: child, depth: depth + 1 })
  }
  close(0)
}

export function visibleOf(order: readonly TreeSpan[], collapsed: ReadonlySet<string>): TreeSpan[] {
  if (collapsed.size === 0) return [...order]
  const visible: TreeSpan[] = []
  for (let i = 0; i < order.length; ) {
    const entry = order[i]
    if (!entry) break
    visible.push(entry)
    i += collapsed.has(entry.span.span_id) ? entry.size : 1
  }
  return visible
}

/** The spans above one, so that it can be brought into sight. */
export function ancestorsOf(order: readonly TreeSpan[], spanId: string): string[] {
  const byId = new Map(order.map(({ span }) => [span.span_id, span]))
  const found: string[] = []
  for (let parent = byId.get(spanId)?.parent_span_id; parent && byId.has(parent) && !found.includes(parent); parent = byId.get(parent)?.parent_span_id) found.push(parent)
  return found
}
