// Remembers where everything on a map stood, so that what has no stored place yet keeps the one it was given,
// members of an opened group unfold where the group stood, and parts of the map have places of their own.
import { layered } from './layered'
import { placed } from './layout'
import type { MapView, Point } from './view'

export class PlaceBook {
  private readonly parts = new Map<string, Map<string, Point>>()
  private movedHere = false

  /** `part` is null for the whole map, whose stored places come first until something was moved that is not stored. */
  resolve(view: MapView, part: string | null): Map<string, Point> {
    const before = this.of(part)
    const nodes = view.nodes.map((node) => {
      const remembered = before.get(node.id) ?? null
      const group = view.memberOf.get(node.anchor)
      const stored = part === null ? node.at : null
      return { id: node.id, at: this.movedHere ? (remembered ?? stored) : (stored ?? remembered), near: node.kind === 'group' || !group ? null : (before.get(group) ?? null) }
    })
    const places = placed(nodes, view.edges)
    for (const [id, at] of places) before.set(id, at)
    return places
  }

  move(part: string | null, id: string, to: Point): void {
    this.of(part).set(id, to)
  }

  arrange(view: MapView, part: string | null): Map<string, Point> {
    const anew = layered(view.nodes.map((n) => ({ id: n.id, at: null })), view.edges)
    this.parts.set(part ?? '', new Map(anew))
    return anew
  }

  /** From now on what is remembered goes before what is stored: it was moved by somebody whose changes nobody keeps. */
  keepHere(): void {
    this.movedHere = true
  }

  private of(part: string | null): Map<string, Point> {
    const known = this.parts.get(part ?? '')
    if (known) return known
    const fresh = new Map<string, Point>()
    this.parts.set(part ?? '', fresh)
    return fresh
  }
}
