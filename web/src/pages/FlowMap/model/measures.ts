// The sizes the map is laid out with, and what layout needs to know of a node and an edge.
import type { Point } from './view'

export const NODE_WIDTH = 176
export const NODE_HEIGHT = 78
export const RANK_GAP = 124
export const ROW_GAP = 30
/** From one column, or row, to the next. */
export const COLUMN = NODE_WIDTH + RANK_GAP
export const ROW = NODE_HEIGHT + ROW_GAP

export interface Placeable {
  id: string
  at: Point | null
  /** Where it would like to be when it has no place: beside its former group. */
  near?: Point | null
}

export interface Link {
  from: string
  to: string
}
