import type { Span } from '../../../api/types'

/** Colours told apart by people with any colour vision, readable on light and dark. */
const PALETTE = ['#2b8cbe', '#e08214', '#5aae61', '#9970ab', '#c7792b', '#35978f', '#b2528e', '#7f8c3b', '#5b7fc7', '#a6611a', '#4d9221', '#8c6bb1']

/** A colour for each tier, by order of appearance in the trace. */
export function tierColours(spans: readonly Span[]): Map<number, string> {
  const colours = new Map<number, string>()
  for (const { tier } of spans) if (!colours.has(tier.id)) colours.set(tier.id, PALETTE[colours.size % PALETTE.length] ?? '#888888')
  return colours
}
