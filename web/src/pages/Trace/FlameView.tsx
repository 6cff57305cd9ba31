import { Button } from '@mantine/core'
import { useElementSize } from '@mantine/hooks'
import { IconZoomReset } from '@tabler/icons-react'
import { useMemo, useState, type KeyboardEvent } from 'react'
import type { Trace } from '../../api/types'
import { useUrlState } from '../../app/urlState'
import { Empty } from '../../components/states/Empty'
import { count, exact, microseconds, percent, plural } from '../../format/numbers'
import { callsOf, framesOf, type Call, type Frame } from './model/calls'
import { treeOf } from './model/tree'
import styles from './Flame.module.css'

const ROW = 24
/** Pixels below which a frame is left out, and said to be. */
const NARROW = 2

interface Props {
  trace: Trace
  colours: ReadonlyMap<number, string>
  onSelect(spanId: string): void
}

/** The trace by operation: each as wide as the time that it and those below it worked, one below the other. */
export function FlameView({ trace, colours, onSelect }: Props) {
  const calls = useMemo(() => callsOf(treeOf(trace.spans)), [trace])
  const [from, setFrom] = useUrlState('frame')
  const root = calls[Number(from || Number.NaN)] ?? null
  const { ref, width } = useElementSize()
  const { frames, narrow } = useMemo(() => framesOf(calls, root, NARROW / Math.max(width, 300)), [calls, root, width])
  const [at, setAt] = useState<Call | null>(null)
  const current = frames.find((frame) => frame.call === at) ?? frames[0]
  const rootsWeight = useMemo(() => calls.reduce((sum, call) => sum + (call.parent ? 0 : call.weight), 0), [calls])
  const zoom = (call: Call | null) => {
    setFrom(call?.parent ? String(call.id) : null)
    if (call) setAt(call)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (!current) return
    const to = keyMove(event.key, current, frames)
    if (to) setAt(to.call)
    else if (event.key === 'Enter' || event.key === ' ') zoom(current.call)
    else if (event.key === 'Escape' && root) zoom(root.parent)
    else return
    event.preventDefault()
    document.getElementById(idOf(to ?? current))?.scrollIntoView({ block: 'nearest' })
  }
  if (rootsWeight === 0) return <Empty title="No span of this trace took any time" />
  const depth = frames.reduce((most, frame) => Math.max(most, frame.depth), 0) + 1
  return (
    <div className={styles.flame}>
      <div className={styles.tools}>
        <span className={styles.hint}>
          Width: own time of an operation and of all below it, {microseconds(rootsWeight)} in all. Enter or a click looks closer, Escape goes back.
          {narrow > 0 && ` ${plural(narrow, 'operation')} too narrow to be drawn.`}
        </span>
        <span className={styles.push} />
        {root && (
          <Button variant="light" leftSection={<IconZoomReset size={14} />} onClick={() => zoom(null)}>
            Whole trace
          </Button>
        )}
      </div>
      {root && <Above root={root} onZoom={zoom} />}
      <div className={styles.scroll}>
        <div ref={ref} className={styles.frames} role="tree" aria-label="Operations of the trace" tabIndex={0} aria-activedescendant={current && idOf(current)} style={{ height: depth * ROW }} onKeyDown={onKeyDown}>
          {frames.map((frame) => (
            <FrameBox key={frame.call.id} id={idOf(frame)} frame={frame} width={width} current={frame === current} colour={colours.get(frame.call.tier.id) ?? '#888'} onPick={() => zoom(frame.call)} onPoint={() => setAt(frame.call)} />
          ))}
        </div>
      </div>
      {current && <Facts call={current.call} whole={rootsWeight} onSelect={onSelect} />}
    </div>
  )
}

const idOf = ({ call }: Frame) => `frame-${call.id}`

/** Where a key leads: into the first call below, to the one above, to the neighbours of the same row. */
function keyMove(key: string, at: Frame, frames: readonly Frame[]): Frame | undefined {
  const row = frames.filter((frame) => frame.depth === at.depth)
  const place = row.indexOf(at)
  switch (key) {
    case 'ArrowRight':
      return row[place + 1]
    case 'ArrowLeft':
      return row[place - 1]
    case 'ArrowDown':
      return frames.find((frame) => frame.call.parent === at.call) ?? frames.find((frame) => frame.depth === at.depth + 1)
    case 'ArrowUp':
      return frames.find((frame) => frame.call === at.call.parent)
    case 'Home':
      return frames[0]
    default:
      return undefined
  }
}

interface BoxProps {
  id: string
  frame: Frame
  width: number
  current: boolean
  colour: string
  onPick(): void
  onPoint(): void
}

function FrameBox({ id, frame, width, current, colour, onPick, onPoint }: BoxProps) {
  const { call, left, width: share } = frame
  const told = `${call.tier.name}: ${call.name}, ${plural(call.count, 'span')}, ${microseconds(call.total)} in all, own time ${microseconds(call.self)}${call.errors ? `, ${call.errors} failed` : ''}`
  return (
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events -- the tree handles the keys for its frames
    <div
      id={id}
      role="treeitem"
      tabIndex={-1}
      aria-level={frame.depth + 1}
      aria-selected={current}
      aria-label={told}
      title={told}
      className={styles.frame}
      data-failed={call.errors > 0 || undefined}
      data-narrow={share * width < 12 || undefined}
      style={{ left: `${left * 100}%`, width: `calc(${share * 100}% - 1px)`, top: frame.depth * ROW, background: `color-mix(in srgb, ${colour} 38%, var(--v-surface))`, borderLeftColor: colour }}
      onClick={onPick}
      onPointerEnter={onPoint}
    >
      {share * width > 34 && (
        <span aria-hidden>
          {call.name}
          {call.count > 1 && ` ×${count(call.count)}`}
        </span>
      )}
    </div>
  )
}

/** The way up from what is looked at. */
function Above({ root, onZoom }: { root: Call; onZoom(call: Call | null): void }) {
  const way: Call[] = []
  for (let call = root.parent; call; call = call.parent) way.unshift(call)
  return (
    <nav className={styles.above} aria-label="Above this operation">
      {way.slice(-12).map((call) => (
        <button key={call.id} type="button" onClick={() => onZoom(call)}>
          {call.name}
        </button>
      ))}
      <b>{root.name}</b>
    </nav>
  )
}

function Facts({ call, whole, onSelect }: { call: Call; whole: number; onSelect(spanId: string): void }) {
  const us = (value: number) => <span title={exact(value / 1000, 'ms')}>{microseconds(value)}</span>
  return (
    <div className={styles.facts}>
      <b>
        {call.tier.name}: {call.name}
      </b>
      {call.target && <span>calls {call.target}</span>}
      <span>{plural(call.count, 'span')}</span>
      {call.errors > 0 && <span className={styles.errors}>{call.errors} failed</span>}
      <span>total {us(call.total)}</span>
      <span>
        own {us(call.self)} ({percent((100 * call.self) / whole)} of all work)
      </span>
      <Button variant="default" size="compact-xs" onClick={() => onSelect(call.span.span_id)}>
        {call.count > 1 ? 'Its longest span' : 'Its span'}
      </Button>
    </div>
  )
}
