// One sentence with exact figures, for hovering and for screen readers.
import type { Figures } from '../../api/types'
import { count, exact, sampledText } from '../../format/numbers'
import type { MapEdge, MapNode } from './model/view'

export function figuresText(f: Figures | null): string {
  if (!f) return 'no data'
  return [exact(f.calls_per_minute, 'calls/min'), `average ${exact(f.average_ms, 'ms')}`, `${exact(f.errors_per_minute, 'errors/min')} (${exact(f.error_percent, '%')})`, `${count(f.calls)} calls`, sampledText(f)].filter(Boolean).join('\n')
}

export function summaryOf(entity: MapNode): string {
  return `${entity.name}\n${figuresText(entity.figures)}${entity.hints.length ? `\n${entity.hints.join('\n')}` : ''}`
}

export function edgeSummary(edge: MapEdge, nameOf: (id: string) => string): string {
  return `${nameOf(edge.from)} → ${nameOf(edge.to)} (${edge.type}${edge.async ? ', asynchronous' : ''})\n${figuresText(edge.figures)}`
}
