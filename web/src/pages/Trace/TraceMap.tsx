import { lazy, Suspense, useMemo, useState } from 'react'
import type { Trace } from '../../api/types'
import { Empty } from '../../components/states/Empty'
import { Loading } from '../../components/states/Loading'
import { CountedContext } from '../FlowMap/counted'
import { Legend } from '../FlowMap/Legend'
import { usePlacement } from '../FlowMap/usePlacement'
import { traceMap } from './model/traceMap'
import { treeOf } from './model/tree'
import styles from './Trace.module.css'

const FlowCanvas = lazy(() => import('../FlowMap/FlowCanvas'))

const nothing = () => undefined

/** Who called whom in this trace, how often and how long. Its places are its own: none is stored. */
export function TraceMap({ trace }: { trace: Trace }) {
  const view = useMemo(() => traceMap(treeOf(trace.spans)), [trace])
  const [selected, setSelected] = useState<string | null>(null)
  const part = `trace:${trace.trace_id}`
  const placement = usePlacement(0, view, part)
  if (view.nodes.length === 0) return <Empty title="No tier took part in this trace" />
  return (
    <CountedContext value="trace">
      <div className={styles.map}>
        <Suspense fallback={<Loading what="the flow map" lines={8} />}>
          <FlowCanvas view={view} places={placement.places} selected={selected} fitKey={part} onSelect={setSelected} onOpen={nothing} onMove={placement.move} />
        </Suspense>
        <Legend grouped={false} />
      </div>
    </CountedContext>
  )
}
