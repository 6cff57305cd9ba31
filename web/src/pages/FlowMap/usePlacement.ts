// Where the map's nodes stand on the screen: stored positions first, the rest placed beside them.
// A map that is only a part (focus, or one BT) is laid out for itself.
import { useQueryClient } from '@tanstack/react-query'
import { useCallback, useMemo, useState } from 'react'
import { useMay } from '../../access/may'
import { storeLayout } from '../../api/queries'
import { TELEMETRY } from '../../time/TimeRangeContext'
import type { FlowMap, LayoutPosition } from '../../api/types'
import { PlaceBook } from './model/PlaceBook'
import type { MapNode, MapView, Point } from './model/view'

interface Placement {
  places: ReadonlyMap<string, Point>
  /** Keep where a node was dragged to. */
  move(id: string, to: Point): void
  /** Lay everything out anew, dragged nodes too. */
  arrange(): void
  /** How often that was done. */
  arranged: number
  problem: string | null
}

/** Keeps places elsewhere than in the map's own layout. */
type Store = (positions: LayoutPosition[]) => Promise<void>

const ORIGIN = { x: 0, y: 0 }

/**
 * `part` names what the view is a part of; null is the whole map, whose places are stored once somebody moves something: by `keep`,
 * where it is given. Then all of them are, so that the rest stays around what was moved. Looking stores nothing.
 */
export function usePlacement(application: number, view: MapView, part: string | null, keep: Store | null = null): Placement {
  const [book, setBook] = useState(() => ({ places: new PlaceBook() }))
  const [arranged, setArranged] = useState(0)
  const mayStore = useMay()('configure', application)
  const [storeOwn, problem] = useStore(application)
  const store = keep ?? storeOwn
  const places = useMemo(() => book.places.resolve(view, part), [book, view, part])

  /** After a change by hand: stored for everybody, or kept on this screen. */
  const settle = useCallback(
    (changed: ReadonlyMap<string, Point>, pinned: (node: MapNode) => boolean) => {
      if (part === null && mayStore) void store(positionsOf(view, changed, pinned))
      else if (part === null) book.places.keepHere()
      setBook({ places: book.places })
    },
    [book, view, part, mayStore, store],
  )

  const move = useCallback(
    (id: string, to: Point) => {
      const point = { x: Math.round(to.x), y: Math.round(to.y) }
      book.places.move(part, id, point)
      settle(new Map([...places, [id, point]]), (node) => node.pinned || node.id === id)
    },
    [book, part, places, settle],
  )

  const arrange = useCallback(() => {
    const anew = book.places.arrange(view, part)
    setArranged((times) => times + 1)
    settle(anew, () => false)
  }, [book, view, part, settle])

  return { places, move, arrange, arranged, problem }
}

/** Where everything of a view stands, as it is stored. `pinned`: what somebody put there. */
export function positionsOf(view: MapView, places: ReadonlyMap<string, Point>, pinned: (node: MapNode) => boolean = (node) => node.pinned): LayoutPosition[] {
  return view.nodes.map((node) => ({ id: node.anchor, ...(places.get(node.id) ?? ORIGIN), pinned: pinned(node) }))
}

/** Writes positions to the server, and at once into every map of the application that is on hand. */
function useStore(application: number): [(positions: LayoutPosition[]) => Promise<void>, string | null] {
  const client = useQueryClient()
  const [problem, setProblem] = useState<string | null>(null)
  const store = useCallback(
    async (positions: LayoutPosition[]) => {
      const maps = { queryKey: [TELEMETRY, `/applications/${application}/flow-map`] }
      // An answer already under way would bring the old places back.
      await client.cancelQueries(maps)
      client.setQueriesData<FlowMap>(maps, (map) => map && withPositions(map, positions))
      try {
        await storeLayout(application, positions)
        setProblem(null)
      } catch (error) {
        setProblem(error instanceof Error ? error.message : String(error))
      }
    },
    [client, application, setProblem],
  )
  return [store, problem]
}

function withPositions(map: FlowMap, positions: LayoutPosition[]): FlowMap {
  const byId = new Map(positions.map((p) => [p.id, p]))
  return { ...map, nodes: map.nodes.map((n) => ({ ...n, ...byId.get(n.id) })) }
}
