import { useState, type PointerEvent } from 'react'
import type { LogSummary } from '../../api/types'
import { count, plural } from '../../format/numbers'
import { minuteOf, timeOf } from '../../format/times'
import { useTimeRange } from '../../time/TimeRangeContext'
import styles from './Logs.module.css'
import { SEVERITIES } from './model/filter'

/** Counts by severity over time, stacked with the gravest at the bottom. Dragging chooses a range. */
export function Histogram({ summary }: { summary: LogSummary }) {
  const { setRange, now } = useTimeRange()
  const [hovered, setHovered] = useState<number | null>(null)
  const [drag, setDrag] = useState<{ from: number; to: number } | null>(null)
  const { bars, bar_ms: width, severities } = summary
  const totals = bars.map((bar) => bar.counts.reduce((sum, n) => sum + n, 0))
  const most = Math.max(1, ...totals)
  const shown = SEVERITIES.filter((s) => bars.some((bar) => (bar.counts[severities.indexOf(s)] ?? 0) > 0))
  const at = (event: PointerEvent) => {
    const box = event.currentTarget.getBoundingClientRect()
    return Math.min(bars.length - 1, Math.max(0, Math.floor(((event.clientX - box.left) / box.width) * bars.length)))
  }
  const zoom = () => {
    const [first, last] = drag ? [bars[Math.min(drag.from, drag.to)], bars[Math.max(drag.from, drag.to)]] : []
    if (first && last) setRange({ kind: 'absolute', from: first.at, to: last.at + width })
    setDrag(null)
  }
  const bar = hovered === null ? undefined : bars[hovered]
  const said = `${plural(summary.total, 'record')}${shown.length ? `: ${shown.map((s) => `${count(bars.reduce((n, b) => n + (b.counts[severities.indexOf(s)] ?? 0), 0))} ${s}`).join(', ')}` : ''}`
  const begin = bars[0]?.at ?? now
  const end = (bars.at(-1)?.at ?? now) + width
  const incomplete = summary.complete_from === null ? 0 : Math.min(1, Math.max(0, (summary.complete_from - begin) / (end - begin)))
  return (
    <figure className={styles.histogram} aria-label={said}>
      <figcaption>
        {shown.map((s) => (
          <span key={s}>
            <i data-severity={s} />
            {s}
            {bar && <b>{count(bar.counts[severities.indexOf(s)] ?? 0)}</b>}
          </span>
        ))}
        <time>{bar ? `${minuteOf(bar.at)}, ${spanOf(width)}` : `${spanOf(width)} a bar, ${count(most)} at most`}</time>
      </figcaption>
      <div
        className={styles.bars}
        title="Drag to zoom"
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId)
          setDrag({ from: at(event), to: at(event) })
        }}
        onPointerMove={(event) => {
          setHovered(at(event))
          if (drag) setDrag({ ...drag, to: at(event) })
        }}
        onPointerLeave={() => setHovered(null)}
        onPointerUp={zoom}
      >
        {incomplete > 0 && <em style={{ width: `${incomplete * 100}%` }} title="Earlier records were not counted: there are too many" />}
        {bars.map((b, i) => (
          <div key={b.at} data-hovered={i === hovered || undefined} data-chosen={(drag && i >= Math.min(drag.from, drag.to) && i <= Math.max(drag.from, drag.to)) || undefined} data-filling={b.at + width > now || undefined}>
            {shown.map((s) => {
              const n = b.counts[severities.indexOf(s)] ?? 0
              return n > 0 && <i key={s} data-severity={s} style={{ height: `max(2px, ${(100 * n) / most}%)` }} />
            })}
          </div>
        ))}
      </div>
      <div className={styles.axis} aria-hidden>
        {[0, 0.25, 0.5, 0.75, 1].map((part) => (
          <span key={part}>{labelOf(begin + part * (end - begin), end - begin)}</span>
        ))}
      </div>
    </figure>
  )
}

const labelOf = (at: number, range: number) => (range > 86_400_000 ? minuteOf(at).replace(/ [^ ]*$/, '') : timeOf(at).slice(0, range < 600_000 ? 8 : 5))

/** `30 s`, `2 min`, `1 h`. */
function spanOf(ms: number): string {
  const seconds = ms / 1000
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3600) return `${seconds / 60} min`
  return seconds < 86_400 ? `${seconds / 3600} h` : `${seconds / 86_400} d`
}
