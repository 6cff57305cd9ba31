// One sentence with exact figures, for hovering and for screen readers.
import type { Figures } from '../../api/types'
import { deviationText } from '../../components/baseline/state'
import { count, exact, plural, sampledText } from '../../format/numbers'
import type { Counted } from './counted'
import type { MapEdge, MapNode } from './model/view'

export function figuresText(f: Figures | null, counted: Counted = 'minutes'): string {
  if (!f) return 'no data'
  if (counted === 'trace') return [plural(f.calls, 'call'), `average ${exact(f.average_ms, 'ms')}`, `${count(f.errors)} failed`].join('\n')
  return [exact(f.calls_per_minute, 'calls/min'), `average ${exact(f.average_ms, 'ms')}`, `${exact(f.errors_per_minute, 'errors/min')} (${exact(f.error_percent, '%')})`, plural(f.calls, 'call'), sampledText(f), deviationText(f.deviation)].filter(Boolean).join('\n')
}

export function summaryOf(entity: MapNode, counted: Counted = 'minutes'): string {
  return `${entity.name}\n${figuresText(entity.figures, counted)}${entity.hints.length ? `\n${entity.hints.join('\n')}` : ''}`
}

export function edgeSummary(edge: MapEdge, nameOf: (id: string) => string, counted: Counted = 'minutes'): string {
  return `${nameOf(edge.from)} → ${nameOf(edge.to)} (${edge.type}${edge.async ? ', asynchronous' : ''})\n${figuresText(edge.figures, counted)}`
}
