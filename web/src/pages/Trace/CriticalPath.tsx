import { useMemo } from 'react'
import type { Trace } from '../../api/types'
import { Empty } from '../../components/states/Empty'
import { DataTable, type Column } from '../../components/table/DataTable'
import { count, exact, microseconds, percent } from '../../format/numbers'
import page from '../page.module.css'
import { lengthOf, sectionsOf, stepsOf, type Step } from './model/critical'
import { treeOf } from './model/tree'
import styles from './CriticalPath.module.css'

/** Where the time went that somebody waited: the critical path by operation. */
export function CriticalPath({ trace, colours, onSpan }: { trace: Trace; colours: ReadonlyMap<number, string>; onSpan(spanId: string): void }) {
  const { steps, whole } = useMemo(() => {
    const order = treeOf(trace.spans)
    const sections = sectionsOf(order)
    return { steps: stepsOf(order, sections), whole: [...sections.values()].reduce((sum, own) => sum + lengthOf(own), 0) }
  }, [trace])
  const columns = useMemo<Column<Step>[]>(
    () => [
      {
        key: 'name',
        label: 'Operation',
        value: (s) => s.name,
        render: (s) => (
          <button type="button" className={page.pick} onClick={() => onSpan(s.span)}>
            {s.name}
          </button>
        ),
      },
      { key: 'tier', label: 'Tier', value: (s) => s.tier.name, render: (s) => <TierName name={s.tier.name} colour={colours.get(s.tier.id)} /> },
      { key: 'spans', label: 'Spans on the path', numeric: true, value: (s) => s.spans, render: (s) => count(s.spans) },
      { key: 'us', label: 'Time on the path', numeric: true, value: (s) => s.us, render: (s) => <span title={exact(s.us / 1000, 'ms')}>{microseconds(s.us)}</span> },
      {
        key: 'share',
        label: 'Share',
        numeric: true,
        value: (s) => s.us,
        render: (s) => (
          <span className={styles.share}>
            <i style={{ width: `${(100 * s.us) / whole}%` }} />
            {percent((100 * s.us) / whole)}
          </span>
        ),
      },
    ],
    [colours, onSpan, whole],
  )
  if (steps.length === 0) return <Empty title="No critical path is known of this trace" />
  return (
    <div className={styles.path}>
      <p>
        Without these the trace would have ended earlier: {microseconds(whole)} from its beginning to the end of its first span, and in each moment the operation that was waited for.
      </p>
      <DataTable label="Critical path" rows={steps} columns={columns} rowKey={(s) => `${s.tier.id} ${s.name}`} defaultSort="-us" sortParam="path-sort" />
    </div>
  )
}

export function TierName({ name, colour }: { name: string; colour: string | undefined }) {
  return (
    <span className={styles.tier}>
      <i style={{ background: colour }} />
      {name}
    </span>
  )
}
