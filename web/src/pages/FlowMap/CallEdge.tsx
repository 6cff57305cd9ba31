import { EdgeLabelRenderer, type Edge, type EdgeProps } from '@xyflow/react'
import { memo } from 'react'
import { StateIcon } from '../../components/baseline/BaselineState'
import { healthOf } from '../../components/baseline/state'
import { SeverityIcon } from '../../components/figures/ErrorShare'
import { responseTime } from '../../format/numbers'
import { severityOf } from '../../format/severity'
import styles from './CallEdge.module.css'
import { errorsOf, Load, useCounted } from './counted'
import { curveOf, loopOf, pointAt, svgPath } from './model/edgePath'
import { NODE_HEIGHT } from './model/measures'
import type { MapEdge } from './model/view'

export type CallEdgeType = Edge<
  {
    call: MapEdge
    weight: number
    /** Among the busiest: has text without being asked, where there is room. */
    text: boolean
    /** Hovered or selected itself: has text in any case. */
    asked: boolean
    /** Where on the curve its text or its bare sign stands; null when there is no room for it. */
    label: number | null
    /** Asked for, or beside what is selected. */
    hot: boolean
    dimmed: boolean
    summary: string
    onSelect(id: string): void
  },
  'call'
>

export const CallEdge = memo(function CallEdge({ id, source, target, sourceX, sourceY, targetX, targetY, data }: EdgeProps<CallEdgeType>) {
  if (!data) return null
  const { call, weight, text, asked, label, hot, dimmed, summary, onSelect } = data
  const start = { x: sourceX, y: sourceY }
  // The arrow's head ends at the node; the line ends where the head begins.
  const end = { x: targetX - 7 - weight * 0.6, y: targetY }
  const curve = source === target ? loopOf(start, end, NODE_HEIGHT) : curveOf(start, end)
  const path = svgPath(curve)
  const health = healthOf(call.figures)
  const at = pointAt(curve, label ?? 0.5)
  const withText = asked || (text && label !== null)
  return (
    <>
      <g className={styles.edge} data-severity={health} data-hot={hot || undefined} data-dimmed={dimmed || undefined} data-quiet={!withText || undefined}>
        <path d={path} className={styles.line} style={{ strokeWidth: weight }} />
        <ArrowHead x={targetX} y={targetY} size={6 + weight * 0.9} open={call.async} />
        <path d={path} className={`react-flow__edge-interaction ${styles.hit}`} strokeWidth={18}>
          <title>{summary}</title>
        </path>
      </g>
      {(withText || label !== null) && !dimmed && (
        <EdgeLabelRenderer>
          <button
            type="button"
            className={`${styles.label} nodrag nopan`}
            data-call={id}
            data-severity={health}
            data-hot={hot || undefined}
            data-asked={asked || undefined}
            data-bare={!withText || undefined}
            title={summary}
            aria-label={summary}
            style={{ transform: `translate(-50%, -50%) translate(${at.x}px, ${at.y}px)` }}
            onClick={() => onSelect(id)}
          >
            {withText ? <EdgeText call={call} /> : <BareSign call={call} />}
          </button>
        </EdgeLabelRenderer>
      )}
    </>
  )
})

/** Where there is no room for text: the sign of what is worse. */
function BareSign({ call: { figures } }: { call: MapEdge }) {
  const severity = severityOf(figures)
  return severity === 'normal' ? <StateIcon state={figures.deviation?.state} size={14} /> : <SeverityIcon severity={severity} size={14} />
}

function EdgeText({ call: { figures } }: { call: MapEdge }) {
  const severity = severityOf(figures)
  const counted = useCounted()
  return (
    <>
      <Load figures={figures} />
      <span className={styles.time} data-state={figures.deviation?.response_time?.state}>
        <StateIcon state={figures.deviation?.state} size={12} />
        {responseTime(figures.average_ms)}
      </span>
      <span className={severity === 'normal' ? styles.errors : `${styles.errors} ${styles.failing}`}>
        <SeverityIcon severity={severity} size={11} />
        {errorsOf(figures, counted)}
      </span>
    </>
  )
}

/** Filled for a call that waits for its answer, open for one that does not. */
function ArrowHead({ x, y, size, open }: { x: number; y: number; size: number; open: boolean }) {
  const points = `${x - size},${y - size * 0.55} ${x},${y} ${x - size},${y + size * 0.55}`
  return open ? <polyline className={styles.open} points={points} /> : <polygon className={styles.head} points={points} />
}
