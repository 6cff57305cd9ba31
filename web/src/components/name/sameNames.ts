// Nodes are named after their host, so that those of several tiers often have one name: which of a list do, and what to call them.

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

/** A node by its tier and its name. */
export const withTier = (tier: string, name: string) => `${tier} › ${name}`

interface OfEntity {
  application: { id: number }
  entity: { id: number; name: string }
  entity_kind: string
  tier?: { name: string } | null
}

/** Rows about entities, in which nodes of one name are told apart by their tier. */
export function withDistinctNodes<Row extends OfEntity>(rows: readonly Row[]): Row[] {
  const alike = alikeOf(rows.filter((row) => row.entity_kind === 'NODE').map(({ entity, application }) => ({ ...entity, application })))
  return rows.map((row) => (row.entity_kind === 'NODE' && row.tier && alike.has(row.entity.id) ? { ...row, entity: { ...row.entity, name: withTier(row.tier.name, row.entity.name) } } : row))
}
