// Groups that a layout names: tiers whose names begin alike, or entities chosen by hand. Pure.
import type { FlowMap, FlowMapNode, LayoutGroup } from '../../../api/types'

/** What of a map a group stands for. */
export function membersOf(map: FlowMap, { prefix, members }: LayoutGroup): FlowMapNode[] {
  if (prefix) return map.nodes.filter((node) => node.kind === 'tier' && node.name.startsWith(prefix))
  const chosen = new Set(members ?? [])
  return map.nodes.filter((node) => chosen.has(node.id))
}

const KEY = 'group:own:'
export const keyOfOwn = (name: string) => `${KEY}${encodeURIComponent(name).replaceAll(',', '%2C')}`
export const nameOfOwn = (key: string) => (key.startsWith(KEY) ? decodeURIComponent(key.slice(KEY.length)) : null)

/** By key; what several groups name is in the first. */
export function ownGroupsOf(map: FlowMap, groups: LayoutGroup[]): Map<string, FlowMapNode[]> {
  const found = new Map<string, FlowMapNode[]>()
  const taken = new Set<number>()
  for (const group of groups) {
    const members = membersOf(map, group).filter((node) => !taken.has(node.id))
    for (const member of members) taken.add(member.id)
    if (members.length > 0) found.set(keyOfOwn(group.name), members)
  }
  return found
}
