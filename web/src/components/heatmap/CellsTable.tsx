import { useMemo } from 'react'
import { Link } from 'react-router'
import type { ResponseTimes } from '../../api/types'
import { count, exact, responseTime } from '../../format/numbers'
import { exactMoment, minuteOf } from '../../format/times'
import { DataTable, type Column } from '../table/DataTable'
import link from '../link/RangeLink.module.css'
import { factsOf, type CellFacts } from './model'

/** The heat map's cells as rows: what screen readers and keyboards use. */
export function CellsTable({ map, linkOf }: { map: ResponseTimes; linkOf?(cell: CellFacts): string }) {
  const rows = useMemo(() => map.cells.map((cell) => factsOf(map, cell)), [map])
  const columns = useMemo<Column<CellFacts>[]>(
    () => [
      {
        key: 'at',
        label: 'From',
        value: (c) => c.from,
        render: (c) =>
          linkOf ? (
            <Link className={link.link} to={linkOf(c)} title={`Traces that ended after ${exactMoment(c.from)}`}>
              {minuteOf(c.from)}
            </Link>
          ) : (
            minuteOf(c.from)
          ),
      },
      { key: 'minutes', label: 'For', render: () => `${map.minutes_per_column} min` },
      { key: 'above', label: 'Response time above', numeric: true, value: (c) => c.minMs, render: (c) => <span title={exact(c.minMs, 'ms')}>{responseTime(c.minMs)}</span> },
      { key: 'upto', label: 'up to', numeric: true, value: (c) => c.maxMs, render: (c) => <span title={exact(c.maxMs, 'ms')}>{responseTime(c.maxMs)}</span> },
      { key: 'calls', label: 'Calls', numeric: true, value: (c) => c.calls, render: (c) => count(c.calls) },
    ],
    [map, linkOf],
  )
  return <DataTable label="Response times over time" rows={rows} columns={columns} rowKey={(c) => `${c.column}:${c.row}`} defaultSort="-above" sortParam="cell-sort" />
}
