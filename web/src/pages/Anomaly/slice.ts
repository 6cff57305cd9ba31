// The part of a flow map on which an anomaly took place, with the path along which it spread. Pure.
import type { AnomalyDetail, FlowMap, PathStep, Suspect } from '../../api/types'
import { edgeId } from '../FlowMap/model/view'

/** More would be grouped, and hide the path. */
const MOST = 36

export interface Slice {
  map: FlowMap
  lit: { nodes: ReadonlySet<string>; edges: ReadonlySet<string> }
}

/** Steps as entities of the map: a node stands there as its tier; what has no place there is left out. */
function idsOf(steps: readonly PathStep[], suspects: readonly Suspect[], known: ReadonlySet<number>): number[] {
  const tierOf = new Map(suspects.map((one) => [one.entity.id, one.tier?.id]))
  const ids = steps.map(({ entity }) => (known.has(entity.id) ? entity.id : tierOf.get(entity.id))).filter((id) => id !== undefined && known.has(id))
  return ids.filter((id, at) => id !== ids[at - 1]) as number[]
}

/**
 * The path of a suspect (without one, that of the anomaly), every suspect and victim, and what stands beside the path. Null where
 * nothing of it is on the map.
 */
export function sliceOf(map: FlowMap, detail: Pick<AnomalyDetail, 'path' | 'suspects'>, suspect: Suspect | null): Slice | null {
  const known = new Set(map.nodes.map((node) => node.id))
  const path = idsOf(suspect?.path ?? detail.path, detail.suspects, known)
  const concerned = detail.suspects.flatMap((one) => [{ entity: one.entity, entity_kind: one.entity_kind }, ...one.victims])
  const others = idsOf(concerned, detail.suspects, known)
  if (path.length === 0 && others.length === 0) return null
  const onPath = new Set(path)
  const beside = map.edges
    .filter((edge) => onPath.has(edge.from) !== onPath.has(edge.to))
    .toSorted((a, b) => b.figures.calls - a.figures.calls)
    .map((edge) => (onPath.has(edge.from) ? edge.to : edge.from))
  const kept = new Set([...path, ...others, ...beside].filter((id, at, all) => all.indexOf(id) === at).slice(0, MOST))
  const pairs = new Set(path.slice(1).flatMap((to, at) => [`${path[at]} ${to}`, `${to} ${path[at]}`]))
  const edges = map.edges.filter((edge) => kept.has(edge.from) && kept.has(edge.to))
  return {
    map: { ...map, nodes: map.nodes.filter((node) => kept.has(node.id)), edges },
    lit: {
      nodes: new Set(path.map(String)),
      edges: new Set(edges.filter((edge) => pairs.has(`${edge.from} ${edge.to}`)).map((edge) => edgeId(String(edge.from), String(edge.to)))),
    },
  }
}
