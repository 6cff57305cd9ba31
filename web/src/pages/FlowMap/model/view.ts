// What the map draws: entities or groups of them, and one edge for each pair that calls. Made from the
// API's FlowMap by grouping.ts; knows nothing of the screen.
import type { Figures, FlowMapEdge, FlowMapNode } from '../../../api/types'

export interface Point {
  x: number
  y: number
}

export interface MapNode {
  /** The entity's id, or `group:…`. */
  id: string
  kind: FlowMapNode['kind'] | 'group'
  name: string
  /** tier, DATABASE, …; for a group what its members are. */
  type: string
  system: string | null
  figures: Figures | null
  /** Live processes of a tier (or of a group's tiers). */
  nodes: number
  entry: boolean
  hints: string[]
  members: FlowMapNode[]
  /** The entity under whose id the position is stored. */
  anchor: number
  at: Point | null
  pinned: boolean
}

export interface MapEdge {
  id: string
  from: string
  to: string
  type: string
  async: boolean
  resolved: boolean
  figures: Figures
  parts: FlowMapEdge[]
}

export interface MapView {
  nodes: MapNode[]
  edges: MapEdge[]
  /** Every group there is, collapsed or not. */
  groups: string[]
  /** Entity id → id of the node that shows it. */
  shownAs: Map<number, string>
  /** Entity id → its group, collapsed or not. */
  memberOf: Map<number, string>
}

/** What an edge is called, in the URL too. */
export const edgeId = (from: string, to: string) => `${from}→${to}`
