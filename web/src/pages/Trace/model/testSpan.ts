import type { Span } from '../../../api/types'

/** A span for tests, of one tier, 10 µs long unless said otherwise. */
export function span(span_id: string, parent_span_id: string | null, start_us = 0, more: Partial<Span> = {}): Span {
  const duration_us = more.duration_us ?? 10
  return { span_id, parent_span_id, start_us, name: span_id, kind: 'INTERNAL', role: 'internal', tier: { id: 1, name: 't' }, node: { id: 1, name: 'n' }, skew_us: 0, duration_us, self_us: duration_us, status: 'UNSET', status_message: '', exit: null, attributes: {}, resource: {}, scope: '', events: [], links: [], critical: false, ...more }
}
