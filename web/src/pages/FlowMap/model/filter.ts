// What of a map is shown: calls of a least rate, or only what fails.
import type { MapView } from './view'

export interface MapFilter {
  /** Calls per minute; 0 shows all. */
  minCalls: number
  errorsOnly: boolean
}

interface Counted {
  calls_per_minute: number
  errors: number
}

/** The calls that pass, their ends, and whatever passes by its own figures. Nothing moves: only what is shown changes. */
export function filtered(view: MapView, { minCalls, errorsOnly }: MapFilter): MapView {
  if (minCalls <= 0 && !errorsOnly) return view
  const passes = (figures: Counted | null) => figures !== null && figures.calls_per_minute >= minCalls && (!errorsOnly || figures.errors > 0)
  const edges = view.edges.filter((e) => passes(e.figures))
  const ends = new Set(edges.flatMap((e) => [e.from, e.to]))
  return { ...view, nodes: view.nodes.filter((n) => ends.has(n.id) || passes(n.figures)), edges }
}
