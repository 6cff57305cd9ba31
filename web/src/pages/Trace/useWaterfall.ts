import { useCallback, useMemo, useState } from 'react'
import type { Trace } from '../../api/types'
import { ancestorsOf, treeOf, visibleOf, type TreeSpan } from './model/tree'

export interface WaterfallState {
  rows: TreeSpan[]
  collapsed: ReadonlySet<string>
  toggle(spanId: string): void
  collapseAll(): void
  expandAll(): void
  /** Opens what hides a span. */
  reveal(spanId: string): void
  all: TreeSpan[]
}

/** Which rows of a trace are visible. */
export function useWaterfall(trace: Trace, criticalOnly: boolean): WaterfallState {
  const all = useMemo(() => treeOf(trace.spans), [trace])
  const [collapsed, setCollapsed] = useState<ReadonlySet<string>>(new Set())
  const rows = useMemo(() => {
    const visible = visibleOf(all, collapsed)
    return criticalOnly ? visible.filter((row) => row.span.critical) : visible
  }, [all, collapsed, criticalOnly])
  const toggle = useCallback(
    (spanId: string) =>
      setCollapsed((before) => {
        const after = new Set(before)
        if (!after.delete(spanId)) after.add(spanId)
        return after
      }),
    [],
  )
  const reveal = useCallback(
    (spanId: string) => {
      const above = ancestorsOf(all, spanId)
      setCollapsed((before) => (above.some((id) => before.has(id)) ? new Set([...before].filter((id) => !above.includes(id))) : before))
    },
    [all],
  )
  const collapseAll = useCallback(() => setCollapsed(new Set(all.filter((t) => t.children > 0 && t.depth > 0).map((t) => t.span.span_id))), [all])
  const expandAll = useCallback(() => setCollapsed(new Set()), [])
  return { rows, collapsed, toggle, collapseAll, expandAll, reveal, all }
}
