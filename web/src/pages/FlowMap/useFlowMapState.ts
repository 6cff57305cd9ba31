import { useCallback } from 'react'
import { useSearchParams } from 'react-router'

export interface FlowMapState {
  table: boolean
  selected: string | null
  focus: string | null
  hops: number
  expanded: ReadonlySet<string>
}

type Change = Partial<Record<'view' | 'selected' | 'focus' | 'hops' | 'expand', string | null>>

/** What the map shows and how, in the URL: several parameters may change at once. */
export function useFlowMapState(): [FlowMapState, (change: Change) => void] {
  const [params, setParams] = useSearchParams()
  const change = useCallback(
    (changes: Change) =>
      setParams(
        (before) => {
          const after = new URLSearchParams(before)
          for (const [name, value] of Object.entries(changes)) {
            if (value) after.set(name, value)
            else after.delete(name)
          }
          return after
        },
        { replace: true },
      ),
    [setParams],
  )
  const state: FlowMapState = {
    table: params.get('view') === 'table',
    selected: params.get('selected'),
    focus: params.get('focus'),
    hops: Math.min(9, Math.max(1, Number(params.get('hops')) || 1)),
    expanded: new Set(params.get('expand')?.split(',').filter(Boolean) ?? []),
  }
  return [state, change]
}
