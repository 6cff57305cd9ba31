import type { MapView } from './view'

/** The part of a view within `hops` calls of one node, in either direction. */
export function focused(view: MapView, centre: string, hops: number): MapView {
  const kept = new Set([centre])
  let edge = [centre]
  for (let hop = 0; hop < hops && edge.length; hop++) {
    const reached = view.edges.flatMap((e) => (edge.includes(e.from) ? [e.to] : edge.includes(e.to) ? [e.from] : []))
    edge = [...new Set(reached)].filter((id) => !kept.has(id))
    for (const id of edge) kept.add(id)
  }
  return { ...view, nodes: view.nodes.filter((n) => kept.has(n.id)), edges: view.edges.filter((e) => kept.has(e.from) && kept.has(e.to)) }
}

/** A node, what calls it, what it calls, and the edges between. */
export function neighbourhood(view: MapView, id: string): { nodes: Set<string>; edges: Set<string> } {
  const touching = view.edges.filter((e) => e.from === id || e.to === id)
  return { nodes: new Set([id, ...touching.flatMap((e) => [e.from, e.to])]), edges: new Set(touching.map((e) => e.id)) }
}
