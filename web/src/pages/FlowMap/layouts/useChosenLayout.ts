import { useQueryClient } from '@tanstack/react-query'
import { useCallback, useMemo, useState } from 'react'
import type { MapPart } from '../../../api/queries'
import type { FlowMap, LayoutPosition, SavedLayout, SavedLayoutDetail } from '../../../api/types'
import { useUrlState } from '../../../app/urlState'
import { detailKey, putLayout, scopeOf, useLayout, useLayouts } from './queries'

export interface ChosenLayout {
  scope: string
  layouts: SavedLayout[]
  /** Null: the places of the map itself. */
  chosen: SavedLayoutDetail | null
  /** One is chosen and not here yet. */
  loading: boolean
  choose(id: number | null): void
  /** Keeps places in the chosen layout; null where none is chosen. */
  store: ((positions: LayoutPosition[]) => Promise<void>) | null
  problem: string | null
  /** Whether layouts are being looked at: it stays so while another one is put on the screen. */
  open: boolean
  setOpen(open: boolean): void
}

/** The layout that the address names, else the default one, else none. */
export function useChosenLayout(application: number, part?: MapPart): ChosenLayout {
  const scope = scopeOf(application, part)
  const client = useQueryClient()
  const [asked, setAsked] = useUrlState('layout')
  const list = useLayouts(scope)
  const layouts = useMemo(() => list.data?.items ?? [], [list.data])
  const wanted = asked === 'none' ? undefined : (layouts.find((l) => String(l.id) === asked) ?? layouts.find((l) => l.default))
  const id = wanted?.id ?? null
  const detail = useLayout(id)
  const chosen = id === null ? null : (detail.data ?? null)
  const [problem, setProblem] = useState<string | null>(null)
  const [open, setOpen] = useState(false)
  const store = useCallback(
    async (positions: LayoutPosition[]) => {
      if (id === null) return
      const known = client.getQueryData<SavedLayoutDetail>(detailKey(id))
      if (!known) return
      const byId = new Map([...(known.positions ?? []), ...positions].map((p) => [p.id, p]))
      const changed = { ...known, positions: [...byId.values()] }
      client.setQueryData(detailKey(id), changed)
      try {
        await putLayout(id, changed)
        setProblem(null)
      } catch (error) {
        setProblem(error instanceof Error ? error.message : String(error))
      }
    },
    [client, id],
  )
  const choose = useCallback((next: number | null) => setAsked(next === null ? 'none' : String(next)), [setAsked])
  return { scope, layouts, chosen, loading: list.isPending || (id !== null && detail.isPending), choose, store: id === null ? null : store, problem, open, setOpen }
}

/** A map whose nodes stand where a layout has them. */
export function placedBy(map: FlowMap, layout: SavedLayoutDetail | null): FlowMap {
  if (!layout) return map
  const byId = new Map((layout.positions ?? []).map((p) => [p.id, p]))
  return { ...map, nodes: map.nodes.map((n) => ({ ...n, x: byId.get(n.id)?.x ?? null, y: byId.get(n.id)?.y ?? null, pinned: byId.get(n.id)?.pinned ?? false })) }
}
