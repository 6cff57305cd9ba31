// What changed between two maps, call by call.
import type { Figures, FlowMap, FlowMapEdge, FlowMapNode } from '../../../api/types'

export interface Change {
  id: string
  from: FlowMapNode
  to: FlowMapNode
  type: string
  /** Null for a call that is not made any more. */
  now: Figures | null
  /** Null for one that was not made. */
  before: Figures | null
  /** In words, most important first; empty when it is as it was. */
  what: string[]
  /** How much, to sort by: a doubling is 1. */
  size: number
}

/** A change of so much is said. Below, minutes differ by as much. */
const LEAST = { times: 1.25, ms: 1, rate: 1.3, perMinute: 1, errorPoints: 0.5 }
const ALL = 99

const keyOf = (e: FlowMapEdge) => `${e.from}→${e.to}→${e.type}`

/** Every call of either map, the most changed first. */
export function changesOf(now: FlowMap, before: FlowMap): Change[] {
  const nodes = new Map([...before.nodes, ...now.nodes].map((n) => [n.id, n]))
  const earlier = new Map(before.edges.map((e) => [keyOf(e), e]))
  const later = new Map(now.edges.map((e) => [keyOf(e), e]))
  const changes: Change[] = []
  for (const key of new Set([...later.keys(), ...earlier.keys()])) {
    const edge = later.get(key) ?? earlier.get(key)
    const [from, to] = [edge && nodes.get(edge.from), edge && nodes.get(edge.to)]
    if (!edge || !from || !to) continue
    const figures = { now: later.get(key)?.figures ?? null, before: earlier.get(key)?.figures ?? null }
    changes.push({ id: key, from, to, type: edge.type, ...figures, ...judged(figures.now, figures.before) })
  }
  return changes.sort((a, b) => b.size - a.size)
}

/** How much more, as a doubling is 1; 0 where nothing can be compared. */
const doublings = (now: number | null, before: number | null) => (now && before ? Math.log2(now / before) : 0)

function judged(now: Figures | null, before: Figures | null): Pick<Change, 'what' | 'size'> {
  if (!before) return { what: ['new'], size: ALL }
  if (!now) return { what: ['gone'], size: ALL }
  const time = doublings(now.average_ms, before.average_ms)
  const slower = Math.abs(time) >= Math.log2(LEAST.times) && Math.abs((now.average_ms ?? 0) - (before.average_ms ?? 0)) >= LEAST.ms
  const rate = doublings(now.calls_per_minute, before.calls_per_minute)
  const busier = Math.abs(rate) >= Math.log2(LEAST.rate) && Math.abs(now.calls_per_minute - before.calls_per_minute) >= LEAST.perMinute
  const errors = now.error_percent - before.error_percent
  const failing = Math.abs(errors) >= LEAST.errorPoints
  const what = [failing && (errors > 0 ? 'more errors' : 'fewer errors'), slower && (time > 0 ? 'slower' : 'faster'), busier && (rate > 0 ? 'more calls' : 'fewer calls')].filter((text) => text !== false)
  return { what, size: Math.max(failing ? Math.abs(errors) / 2 : 0, slower ? Math.abs(time) : 0, busier ? Math.abs(rate) : 0) }
}

/** `+20 %`, `×3.1`: how much larger one is; nothing where they cannot be compared. */
export function ratioText(now: number | null, before: number | null): string {
  if (!now || !before) return ''
  const ratio = now / before
  if (ratio >= 2) return `×${ratio >= 10 ? Math.round(ratio) : ratio.toFixed(1)}`
  const percent = Math.round((ratio - 1) * 100)
  return percent === 0 ? '±0 %' : `${percent > 0 ? '+' : '−'}${Math.abs(percent)} %`
}
