// Where the map's nodes stand on the screen: stored positions first, the rest placed beside them and then stored.
// A map that is only a part (focus, or one BT) is laid out for itself and not stored.
import { useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { storeLayout } from '../../api/queries'
import { TELEMETRY } from '../../time/TimeRangeContext'
import type { FlowMap, LayoutPosition } from '../../api/types'
import { PlaceBook } from './model/PlaceBook'
import type { MapView, Point } from './model/view'

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

/** `part` names what the view is a part of; null is the whole map, whose places are stored: by `keep`, where it is given. */
export function usePlacement(application: number, view: MapView, part: string | null, keep: Store | null = null): Placement {
  const [book, setBook] = useState(() => ({ places: new PlaceBook() }))
  const [arranged, setArranged] = useState(0)
  const [storeOwn, problem] = useStore(application)
  const store = keep ?? storeOwn
  const places = useMemo(() => book.places.resolve(view, part), [book, view, part])

  const attempted = useRef(new Set<number>())
  useEffect(() => {
    if (part !== null) return
    const missing = view.nodes.filter((n) => !n.at && !attempted.current.has(n.anchor))
    if (missing.length === 0) return
    for (const node of missing) attempted.current.add(node.anchor)
    void store(missing.map((n) => ({ id: n.anchor, ...(places.get(n.id) ?? ORIGIN), pinned: false })))
  }, [view, places, part, store])

  const move = useCallback(
    (id: string, to: Point) => {
      const point = { x: Math.round(to.x), y: Math.round(to.y) }
      const node = view.nodes.find((n) => n.id === id)
      book.places.move(part, id, point)
      setBook({ places: book.places })
      if (node && part === null) void store([{ id: node.anchor, ...point, pinned: true }])
    },
    [book, view, part, store],
  )

  const arrange = useCallback(() => {
    const anew = book.places.arrange(view, part)
    setArranged((times) => times + 1)
    setBook({ places: book.places })
    if (part === null) void store(view.nodes.map((n) => ({ id: n.anchor, ...(anew.get(n.id) ?? ORIGIN), pinned: false })))
  }, [book, view, part, store])

  return { places, move, arrange, arranged, problem }
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
