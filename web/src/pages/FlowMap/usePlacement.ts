// Where the map's nodes stand on the screen: stored positions first, the rest placed beside them and then stored.
// A map that is only a part (focus, or one BT) is laid out for itself and not stored.
import { useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { storeLayout } from '../../api/queries'
import { TELEMETRY } from '../../time/TimeRangeContext'
import type { FlowMap, LayoutPosition } from '../../api/types'
import { layered } from './model/layered'
import { placed } from './model/layout'
import type { MapView, Point } from './model/view'

interface Placement {
  places: ReadonlyMap<string, Point>
  /** Keep where a node was dragged to. */
  move(id: string, to: Point): void
  /** Lay everything out anew, dragged nodes too. */
  arrange(): void
  problem: string | null
}

/** `part` names what the view is a part of; null is the whole map, whose places are stored. */
export function usePlacement(application: number, view: MapView, part: string | null): Placement {
  const client = useQueryClient()
  const remembered = useRef(new Map<string, Map<string, Point>>())
  const [moves, setMoves] = useState(0)
  const [problem, setProblem] = useState<string | null>(null)

  const places = useMemo(() => {
    void moves
    const before = remembered.current.get(part ?? '') ?? new Map<string, Point>()
    const near = (entity: number) => before.get(view.memberOf.get(entity) ?? '') ?? null
    const nodes = view.nodes.map((n) => ({ id: n.id, at: part === null ? (n.at ?? before.get(n.id) ?? null) : (before.get(n.id) ?? null), near: n.kind === 'group' ? null : near(n.anchor) }))
    const result = placed(nodes, view.edges)
    // Collapsed groups are remembered too: their members unfold where the group stood.
    remembered.current.set(part ?? '', new Map([...before, ...result]))
    return result
  }, [view, part, moves])

  const store = useCallback(
    async (positions: LayoutPosition[]) => {
      client.setQueriesData<FlowMap>({ predicate: ({ queryKey }) => queryKey[0] === TELEMETRY && queryKey[1] === `/applications/${application}/flow-map` }, (map) => map && withPositions(map, positions))
      try {
        await storeLayout(application, positions)
        setProblem(null)
      } catch (error) {
        setProblem(error instanceof Error ? error.message : String(error))
      }
    },
    [client, application],
  )

  const attempted = useRef(new Set<number>())
  useEffect(() => {
    if (part !== null) return
    const missing = view.nodes.filter((n) => !n.at && !attempted.current.has(n.anchor))
    if (missing.length === 0) return
    for (const node of missing) attempted.current.add(node.anchor)
    void store(missing.map((n) => ({ id: n.anchor, ...(places.get(n.id) ?? { x: 0, y: 0 }), pinned: false })))
  }, [view, places, part, store])

  const move = useCallback(
    (id: string, to: Point) => {
      const point = { x: Math.round(to.x), y: Math.round(to.y) }
      const node = view.nodes.find((n) => n.id === id)
      remembered.current.get(part ?? '')?.set(id, point)
      setMoves((n) => n + 1)
      if (node && part === null) void store([{ id: node.anchor, ...point, pinned: true }])
    },
    [view, part, store],
  )

  const arrange = useCallback(() => {
    const anew = layered(view.nodes.map((n) => ({ id: n.id, at: null })), view.edges)
    remembered.current.set(part ?? '', anew)
    setMoves((n) => n + 1)
    if (part === null) void store(view.nodes.map((n) => ({ id: n.anchor, ...(anew.get(n.id) ?? { x: 0, y: 0 }), pinned: false })))
  }, [view, part, store])

  return { places, move, arrange, problem }
}

function withPositions(map: FlowMap, positions: LayoutPosition[]): FlowMap {
  const byId = new Map(positions.map((p) => [p.id, p]))
  return { ...map, nodes: map.nodes.map((n) => ({ ...n, ...byId.get(n.id) })) }
}
