import { useCallback } from 'react'
import { useSearchParams } from 'react-router'
import type { MapFilter } from './model/filter'

const viewOf = (text: string | null): FlowMapState['view'] => (text === 'table' || text === 'changes' ? text : 'map')

export interface FlowMapState {
  view: 'map' | 'table' | 'changes'
  filter: MapFilter
  selected: string | null
  focus: string | null
  hops: number
  expanded: ReadonlySet<string>
}

type Change = Partial<Record<'view' | 'selected' | 'focus' | 'hops' | 'expand' | 'min-calls' | 'failing', string | null>>

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
    view: viewOf(params.get('view')),
    filter: { minCalls: Math.max(0, Number(params.get('min-calls')) || 0), errorsOnly: params.get('failing') === 'only' },
    selected: params.get('selected'),
    focus: params.get('focus'),
    hops: Math.min(9, Math.max(1, Number(params.get('hops')) || 1)),
    expanded: new Set(params.get('expand')?.split(',').filter(Boolean) ?? []),
  }
  return [state, change]
}
