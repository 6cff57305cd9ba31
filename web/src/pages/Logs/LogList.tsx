import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useRef, useState } from 'react'
import type { LogRecord } from '../../api/types'
import type { Rest } from '../../components/table/DataTable'
import { LogRow } from './LogRow'
import styles from './Logs.module.css'
import type { FilterState } from './useLogFilter'

const ROW = 27

interface Props {
  /** Newest first. */
  records: LogRecord[]
  now: number
  state: FilterState
  /** Present when the server may have more. */
  rest?: Rest
  /** Somebody scrolls or opens a record. */
  onRead?(): void
}

/** Records as a list of which only what is in sight is drawn; a record opens to all it holds. */
export function LogList({ records, now, state, rest, onRead }: Props) {
  const scroller = useRef<HTMLDivElement>(null)
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set())
  const virtual = useVirtualizer({ count: records.length, getScrollElement: () => scroller.current, estimateSize: () => ROW, overscan: 12, getItemKey: (i) => records[i]?.id ?? i })
  const items = virtual.getVirtualItems()
  const last = items.at(-1)?.index ?? 0
  const wantsMore = rest?.hasNextPage && !rest.isFetchingNextPage && last >= records.length - 20
  useEffect(() => {
    // The first page alone is asked for without anybody reading.
    if (wantsMore && (scroller.current?.scrollTop ?? 0) > 0) void rest?.fetchNextPage()
  }, [wantsMore, rest])
  const toggle = (id: string) => {
    onRead?.()
    setOpen((before) => {
      const after = new Set(before)
      if (!after.delete(id)) after.add(id)
      return after
    })
  }
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scrolled region has to be reachable by keyboard
    <div ref={scroller} className={styles.list} role="region" aria-label="Log records" tabIndex={0} onScroll={(event) => event.currentTarget.scrollTop > 0 && onRead?.()}>
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
