// Nodes are named after their host, so that those of several tiers often have one name: which of a list do. Pure.

/** A node in a list. */
export interface NamedNode {
  id: number
  name: string
  application: { id: number }
}

/** The applications of which a list has several nodes of one name. */
export function applicationsToAsk(nodes: readonly NamedNode[]): number[] {
  return [...new Set(alikeOf(nodes).values())].sort((a, b) => a - b)
}

/** The nodes that share their name with another one of the list, each with its application. */
export function alikeOf(nodes: readonly NamedNode[]): ReadonlyMap<number, number> {
  const nameOf = ({ application, name }: NamedNode) => `${application.id} ${name}`
  const ids = new Map<string, Set<number>>()
  for (const node of nodes) ids.set(nameOf(node), (ids.get(nameOf(node)) ?? new Set()).add(node.id))
  return new Map(nodes.filter((node) => (ids.get(nameOf(node))?.size ?? 0) > 1).map(({ id, application }) => [id, application.id]))
}
