import { useVirtualizer } from '@tanstack/react-virtual'
import { useCallback, useEffect, useMemo, useRef, useState, type FocusEvent, type KeyboardEvent } from 'react'
import type { Trace } from '../../api/types'
import { useUrlState } from '../../app/urlState'
import { microseconds } from '../../format/numbers'
import { sectionsOf } from './model/critical'
import { ticksOf, type Scale } from './model/scale'
import { SpanRow } from './SpanRow'
import styles from './Trace.module.css'
import { useWaterfall } from './useWaterfall'
import { WaterfallTools } from './WaterfallTools'

const ROW = 26

interface Props {
  trace: Trace
  colours: ReadonlyMap<number, string>
  selected: string | null
  onSelect(spanId: string): void
}

/** The spans of a trace as a tree beside their times. Only the rows in sight are drawn. */
export function Waterfall({ trace, colours, selected, onSelect }: Props) {
  const [critical, setCritical] = useUrlState('critical')
  const [path, setPath] = useUrlState('path', 'on')
  const state = useWaterfall(trace, critical === 'only')
  const { rows, collapsed, toggle, reveal } = state
  const sections = useMemo(() => (path === 'on' ? sectionsOf(state.all) : null), [path, state.all])
  const scroller = useRef<HTMLDivElement>(null)
  const whole = useMemo<Scale>(() => ({ from: 0, to: Math.max(trace.duration_ms * 1000, ...trace.spans.slice(0, 50).map((s) => s.start_us + s.duration_us), 1) }), [trace])
  const [zoom, setZoom] = useState<Scale | null>(null)
  const scale = zoom ?? whole
  const virtual = useVirtualizer({ count: rows.length, getScrollElement: () => scroller.current, estimateSize: () => ROW, overscan: 14 })
  const index = rows.findIndex((row) => row.span.span_id === selected)
  // The URL takes a moment to say what was selected: keys that follow one another go on from the last one.
  const last = useRef(selected)
  useEffect(() => {
    last.current = selected
  }, [selected])
  const pick = useCallback(
    (spanId: string) => {
      last.current = spanId
      onSelect(spanId)
    },
    [onSelect],
  )

  const shown = useRef<string | null>(null)
  useEffect(() => {
    if (!selected || shown.current === selected) return
    if (index < 0) reveal(selected)
    else {
      shown.current = selected
      virtual.scrollToIndex(index, { align: 'auto' })
    }
  }, [selected, index, reveal, virtual])

  const onKeyDown = (event: KeyboardEvent) => {
    const at = rows.findIndex((row) => row.span.span_id === last.current)
    const row = rows[at]
    const id = row?.span.span_id
    const go = (to: number) => {
      const next = rows[Math.min(rows.length - 1, Math.max(0, to))]
      if (next) pick(next.span.span_id)
    }
    const moves: Record<string, () => void> = {
      ArrowDown: () => go(at + 1),
      ArrowUp: () => go(at - 1),
      PageDown: () => go(at + 20),
      PageUp: () => go(at - 20),
      Home: () => go(0),
      End: () => go(rows.length - 1),
      ArrowRight: () => id && (collapsed.has(id) ? toggle(id) : go(at + 1)),
      ArrowLeft: () => id && row.children > 0 && !collapsed.has(id) && toggle(id),
    }
    const move = moves[event.key]
    if (!move) return
    event.preventDefault()
    move()
  }

  // The tree has the focus, not its rows: a clicked row would keep its outline while the keys go on to others.
  const keepFocus = (event: FocusEvent) => {
    if (event.target !== event.currentTarget) scroller.current?.focus({ preventScroll: true })
  }

  // A tick at the very end would have its text outside.
  const ticks = ticksOf(scale, 6).filter((tick) => (tick - scale.from) / (scale.to - scale.from) < 0.93)
  return (
    <div className={styles.waterfall}>
      <WaterfallTools trace={trace} state={state} path={path === 'on'} onPath={(on) => setPath(on ? 'on' : 'off')} critical={critical === 'only'} onCritical={(on) => setCritical(on ? 'only' : null)} zoomed={zoom !== null} onUnzoom={() => setZoom(null)} selected={selected} onSelect={onSelect} />
      <div className={styles.columns}>
        <span>Span</span>
        <span className={styles.selfHead}>Own time</span>
        <Axis scale={scale} ticks={ticks} onZoom={setZoom} />
      </div>
      <div ref={scroller} className={styles.rows} role="treegrid" aria-label="Spans" aria-rowcount={rows.length} tabIndex={0} aria-activedescendant={selected ? `span-${selected}` : undefined} onKeyDown={onKeyDown} onFocus={keepFocus}>
        <div style={{ height: virtual.getTotalSize(), position: 'relative' }}>
          {virtual.getVirtualItems().map((item) => {
            const row = rows[item.index]
            if (!row) return null
            return (
              <SpanRow
                key={row.span.span_id}
                row={row}
                top={item.start}
                index={item.index}
                from={scale.from}
                to={scale.to}
                colour={colours.get(row.span.tier.id) ?? '#888'}
                collapsed={collapsed.has(row.span.span_id)}
                selected={row.span.span_id === selected}
                path={sections?.get(row.span.span_id) ?? null}
                onSelect={pick}
                onToggle={toggle}
              />
            )
          })}
        </div>
      </div>
    </div>
  )
}

/** The axis; dragging on it shows a part of the time. */
function Axis({ scale, ticks, onZoom }: { scale: Scale; ticks: number[]; onZoom(scale: Scale): void }) {
  const [drag, setDrag] = useState<{ from: number; to: number } | null>(null)
  const whole = scale.to - scale.from
  const fraction = (event: React.PointerEvent) => {
    const box = event.currentTarget.getBoundingClientRect()
    return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width))
  }
  return (
    <div
      className={styles.axis}
      title="Drag to zoom"
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId)
        setDrag({ from: fraction(event), to: fraction(event) })
      }}
      onPointerMove={(event) => drag && setDrag({ ...drag, to: fraction(event) })}
      onPointerUp={() => {
        if (drag && Math.abs(drag.to - drag.from) > 0.01) onZoom({ from: scale.from + Math.min(drag.from, drag.to) * whole, to: scale.from + Math.max(drag.from, drag.to) * whole })
        setDrag(null)
      }}
    >
      {ticks.map((tick) => (
        <span key={tick} style={{ left: `${((tick - scale.from) / whole) * 100}%` }}>
          {microseconds(tick)}
        </span>
      ))}
      {drag && <i style={{ left: `${Math.min(drag.from, drag.to) * 100}%`, width: `${Math.abs(drag.to - drag.from) * 100}%` }} />}
    </div>
  )
}
