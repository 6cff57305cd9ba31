import { defaultRangeExtractor, useVirtualizer, type Range } from '@tanstack/react-virtual'
import { useCallback, useEffect, useRef, useState, type FocusEvent } from 'react'
import type { LogRecord } from '../../api/types'
import type { Rest } from '../../components/table/DataTable'
import { LogRow } from './LogRow'
import styles from './Logs.module.css'
import type { FilterState } from './useLogFilter'

const ROW = 27
/** Rows that are drawn on either side of what is in sight. */
const OVERSCAN = 12

/** The indices of the rows to draw, with that of the row that has the focus: it would be lost with the row. */
const withHeld = (drawn: number[], held: number) => (held < 0 || drawn.includes(held) ? drawn : [...drawn, held].sort((a, b) => a - b))

interface Props {
  /** Newest first. */
  records: LogRecord[]
  now: number
  state: FilterState
  /** Present when the server may have more. */
  rest?: Rest
  /** Somebody scrolls, opens a record, or has come to one by keyboard. */
  onRead?(): void
}

/** Records as a list of which only what is in sight is drawn, and what has the focus; a record opens to all it holds. */
export function LogList({ records, now, state, rest, onRead }: Props) {
  const scroller = useRef<HTMLDivElement>(null)
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set())
  const [focused, setFocused] = useState<string | null>(null)
  const heldAt = focused === null ? -1 : records.findIndex((record) => record.id === focused)
  const rangeExtractor = useCallback((range: Range) => withHeld(defaultRangeExtractor(range), heldAt), [heldAt])
  const virtual = useVirtualizer({ count: records.length, getScrollElement: () => scroller.current, estimateSize: () => ROW, overscan: OVERSCAN, getItemKey: (i) => records[i]?.id ?? i, rangeExtractor })
  const items = virtual.getVirtualItems()
  const last = (virtual.range?.endIndex ?? 0) + OVERSCAN
  const wantsMore = rest?.hasNextPage && !rest.isFetchingNextPage && last >= records.length - 20
  useEffect(() => {
    // The first page alone is asked for without anybody reading.
    if (wantsMore && (scroller.current?.scrollTop ?? 0) > 0) void rest?.fetchNextPage()
  }, [wantsMore, rest])
  const hold = ({ target }: FocusEvent<HTMLElement>) => {
    const row = target.closest('li')
    setFocused(row ? (records[Number(row.dataset.index)]?.id ?? null) : null)
    onRead?.()
  }
  const toggle = (id: string) => {
    onRead?.()
    setOpen((before) => {
      const after = new Set(before)
      if (!after.delete(id)) after.add(id)
      return after
    })
  }
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex, jsx-a11y/no-noninteractive-element-interactions -- a scrolled region has to be reachable by keyboard, and hears of the focus of what is in it
    <div ref={scroller} className={styles.list} role="region" aria-label="Log records" tabIndex={0} onFocus={hold} onBlur={() => setFocused(null)} onScroll={(event) => event.currentTarget.scrollTop > 0 && onRead?.()}>
      <ol style={{ height: virtual.getTotalSize() }}>
        {items.map((item) => {
          const record = records[item.index]
          if (!record) return null
          return (
            <li key={item.key} ref={virtual.measureElement} data-index={item.index} style={{ transform: `translateY(${item.start}px)` }}>
              <LogRow record={record} now={now} open={open.has(record.id)} state={state} onToggle={toggle} />
            </li>
          )
        })}
      </ol>
      {rest?.isFetchingNextPage && <p className={styles.loadingMore}>Loading more …</p>}
    </div>
  )
}
