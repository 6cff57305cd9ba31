import { IconAlertOctagonFilled, IconChevronDown, IconChevronRight, IconUnlink } from '@tabler/icons-react'
import { memo } from 'react'
import { EntityIcon } from '../../components/EntityIcon'
import { Middle } from '../../components/name/Middle'
import { targetName } from '../../format/names'
import { count, exact, microseconds, plural } from '../../format/numbers'
import { barOf } from './model/scale'
import { outlineOf, type Section } from './model/critical'
import type { TreeSpan } from './model/tree'
import styles from './Trace.module.css'

interface Props {
  row: TreeSpan
  top: number
  index: number
  from: number
  to: number
  colour: string
  collapsed: boolean
  selected: boolean
  /** Its parts of the critical path; null while the path is not shown. */
  path: readonly Section[] | null
  onSelect(spanId: string): void
  onToggle(spanId: string): void
}

export const SpanRow = memo(function SpanRow({ row, top, index, from, to, colour, collapsed, selected, path, onSelect, onToggle }: Props) {
  const { span, depth, children, size, orphan } = row
  const failed = span.status === 'ERROR'
  const { left, width } = barOf({ from, to }, span.start_us, span.duration_us)
  const text = width > 30 ? 'inside' : left + width > 80 ? 'left' : 'right'
  const textPlace = { inside: { right: `${100 - left - width}%` }, left: { right: `${100 - left}%` }, right: { left: `calc(${left + width}% + 2px)` } }[text]
  return (
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events -- the tree handles the keys for its rows
    <div
      id={`span-${span.span_id}`}
      role="row"
      tabIndex={-1}
      aria-level={depth + 1}
      aria-rowindex={index + 1}
      aria-selected={selected}
      aria-expanded={children > 0 ? !collapsed : undefined}
      className={styles.row}
      data-failed={failed || undefined}
      style={{ transform: `translateY(${top}px)` }}
      onClick={() => onSelect(span.span_id)}
    >
      <div role="gridcell" className={styles.span} style={{ paddingLeft: 6 + Math.min(depth, 30) * 13 }}>
        {children > 0 ? (
          <button
            type="button"
            tabIndex={-1}
            className={styles.toggle}
            aria-label={collapsed ? `Open ${plural(size - 1, 'span')}` : 'Close'}
            onClick={(event) => {
              event.stopPropagation()
              onToggle(span.span_id)
            }}
          >
            {collapsed ? <IconChevronRight size={13} /> : <IconChevronDown size={13} />}
          </button>
        ) : (
          <span className={styles.toggle} />
        )}
        <i className={styles.colour} style={{ background: colour }} />
        {failed && <IconAlertOctagonFilled size={13} className={styles.failed} role="img" aria-label="failed" />}
        {orphan && <IconUnlink size={13} role="img" aria-label="its parent is not in the trace" />}
        <span className={styles.spanName} title={`${span.tier.name}: ${span.name}`}>
          {span.role === 'entry' && <b>{span.tier.name}</b>} {span.name}
        </span>
        {span.exit && (
          <span className={styles.target} title={`calls ${span.exit.target.name}`}>
            <EntityIcon kind={span.exit.target.kind} type={span.exit.type} size={12} />
            <Middle text={targetName(span.exit)} title={`calls ${span.exit.target.name}`} />
          </span>
        )}
        {collapsed && <em>+{count(size - 1)}</em>}
      </div>
      <div role="gridcell" className={styles.self} title={`own time: ${exact(span.self_us / 1000, 'ms')}`}>
        {microseconds(span.self_us)}
      </div>
      <div role="gridcell" className={styles.time}>
        {path && (
          <svg className={styles.onPath} viewBox="0 0 1000 1" preserveAspectRatio="none" aria-hidden>
            <path d={outlineOf(path, { from, to })} />
          </svg>
        )}
        <div className={styles.bar} style={{ left: `${left}%`, width: `max(2px, ${width}%)`, background: colour }} />
        <span className={styles.duration} data-text={text} style={textPlace}>
          {microseconds(span.duration_us)}
        </span>
      </div>
    </div>
  )
})
