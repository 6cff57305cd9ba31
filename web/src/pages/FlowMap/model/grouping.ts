// Decides what a large map shows as one: above 40 entities, leaf backends by type, queues by system, tiers by the
// first segment of their name. A group stands where its oldest member's position is stored, so that grouping and a
// new member move nothing.
import type { Figures, FlowMap, FlowMapEdge, FlowMapNode, LayoutGroup } from '../../../api/types'
import { mergeFigures } from './mergeFigures'
import { nameOfOwn, ownGroupsOf } from './ownGroups'
import { edgeId, type MapEdge, type MapNode, type MapView } from './view'

export const GROUP_ABOVE = 40
const LEAST_MEMBERS = 3

const BACKEND_NAMES: Record<string, string> = { DATABASE: 'Databases', HTTP: 'HTTP hosts', CACHE: 'Caches', RPC: 'RPC hosts', MESSAGING: 'Messaging' }

/** The first segment of a tier's name, when it has several. */
export function prefixOf(name: string): string | null {
  return /^([^-_./:]{2,})[-_./:]./.exec(name)?.[1] ?? null
}

function groupKeyOf(node: FlowMapNode, calls: ReadonlySet<number>): string | null {
  if (node.kind === 'backend') return calls.has(node.id) ? null : `group:backend:${node.type}`
  if (node.kind === 'queue') return `group:queue:${node.system ?? node.type}`
  if (node.kind === 'tier') {
    const prefix = prefixOf(node.name)
    return prefix && `group:tier:${prefix}`
  }
  return null
}

function append<T>(lists: Map<string, T[]>, key: string, item: T): void {
  const list = lists.get(key)
  if (list) list.push(item)
  else lists.set(key, [item])
}

function groupsOf(map: FlowMap, own: LayoutGroup[]): Map<string, FlowMapNode[]> {
  if (own.length > 0) return ownGroupsOf(map, own)
  const groups = new Map<string, FlowMapNode[]>()
  if (map.nodes.length <= GROUP_ABOVE) return groups
  const calls = new Set(map.edges.map((e) => e.from))
  for (const node of map.nodes) {
    const key = groupKeyOf(node, calls)
    if (key) append(groups, key, node)
  }
  for (const [key, members] of groups) if (members.length < LEAST_MEMBERS) groups.delete(key)
  return groups
}

function groupName(key: string): string {
  const own = nameOfOwn(key)
  if (own !== null) return own
  const [, kind, what = ''] = key.split(':')
  if (kind === 'backend') return BACKEND_NAMES[what] ?? what
  return kind === 'queue' ? `${what} queues` : `${what}-*`
}

function positionOf({ x, y }: FlowMapNode) {
  return x === null || y === null ? null : { x, y }
}

function single(node: FlowMapNode): MapNode {
  const { id, kind, name, type, system, figures, nodes, entry, hints, pinned } = node
  return { id: String(id), kind, name, type, system, figures, nodes, entry, hints, members: [node], anchor: id, at: positionOf(node), pinned }
}

function group(key: string, unordered: FlowMapNode[]): MapNode {
  const members = [...unordered].sort((a, b) => a.id - b.id)
  const anchor = members.find((m) => m.x !== null) ?? members[0]
  if (!anchor) throw new Error(`empty group ${key}`)
  const figures = members.map((m) => m.figures).filter((f): f is Figures => f !== null)
  return {
    id: key,
    kind: 'group',
    name: groupName(key),
    type: anchor.kind === 'tier' ? 'tier' : anchor.type,
    system: null,
    figures: figures.length ? mergeFigures(figures) : null,
    nodes: members.reduce((sum, m) => sum + m.nodes, 0),
    entry: members.some((m) => m.entry),
    hints: members.flatMap((m) => m.hints),
    members,
    anchor: anchor.id,
    at: positionOf(anchor),
    pinned: anchor.pinned,
  }
}

function mergedEdges(edges: FlowMapEdge[], shownAs: Map<number, string>): MapEdge[] {
  const pairs = new Map<string, FlowMapEdge[]>()
  for (const edge of edges) {
    const from = shownAs.get(edge.from)
    const to = shownAs.get(edge.to)
    if (from === undefined || to === undefined || (from === to && edge.from !== edge.to)) continue
    const id = edgeId(from, to)
    append(pairs, id, edge)
  }
  return [...pairs].map(([id, parts]) => {
    const [from = '', to = ''] = id.split('→')
    const types = new Set(parts.map((p) => p.type))
    return { id, from, to, type: [...types].join(', '), async: parts.every((p) => p.async), resolved: parts.every((p) => p.resolved), figures: mergeFigures(parts.map((p) => p.figures)), parts }
  })
}

/** `own` are the groups of a layout: where there are any, nothing else is grouped. */
export function viewOf(map: FlowMap, expanded: ReadonlySet<string>, own: LayoutGroup[] = []): MapView {
  const groups = groupsOf(map, own)
  const memberOf = new Map([...groups].flatMap(([key, members]) => members.map((m) => [m.id, key] as const)))
  const shownAs = new Map([...memberOf].filter(([, key]) => !expanded.has(key)))
  const nodes: MapNode[] = []
  for (const node of map.nodes) {
    if (shownAs.has(node.id)) continue
    shownAs.set(node.id, String(node.id))
    nodes.push(single(node))
  }
  for (const [key, members] of groups) if (!expanded.has(key)) nodes.push(group(key, members))
  return { nodes, edges: mergedEdges(map.edges, shownAs), groups: [...groups.keys()], shownAs, memberOf }
}
