import { IconAlertOctagonFilled } from '@tabler/icons-react'
import { useMemo } from 'react'
import { useUrlState } from '../../app/urlState'
import { DataTable, type Column } from '../../components/table/DataTable'
import { count, exact, microseconds, NONE } from '../../format/numbers'
import { difference, namesTo, type ComparedCall, type Side } from '../Trace/model/compare'
import styles from './CompareTraces.module.css'

const TREE = 'order'

type Figure = 'count' | 'total' | 'self'
const NAMES: Record<Figure, string> = { count: 'Spans', total: 'Total', self: 'Own' }
const textOf = (figure: Figure, value: number) => (figure === 'count' ? count(value) : microseconds(value))
const exactOf = (figure: Figure, value: number) => (figure === 'count' ? exact(value, 'spans') : exact(value / 1000, 'ms'))

/** Each operation in both traces. In the order of the calls it is a tree; sorted by a figure its way down is told. */
export function ComparedTable({ rows, a, b }: { rows: ComparedCall[]; a: string; b: string }) {
  const [sort] = useUrlState('sort', TREE)
  const asTree = sort === TREE
  const columns = useMemo(() => columnsOf(rows, asTree), [rows, asTree])
  return <DataTable label="Operations of both traces" key={a + b} rows={rows} columns={columns} rowKey={(row) => row.order} defaultSort={TREE} />
}

function columnsOf(rows: ComparedCall[], asTree: boolean): Column<ComparedCall>[] {
  const figures: Figure[] = ['count', 'total', 'self']
  return [
    { key: TREE, label: 'Operation', value: (row) => row.order, render: (row) => <Operation row={row} rows={rows} asTree={asTree} /> },
    { key: 'tier', label: 'Tier', value: (row) => row.tier, render: (row) => row.tier },
    ...figures.flatMap((figure) => [side('a', figure), side('b', figure), change(figure)]),
  ]
}

function side(of: 'a' | 'b', figure: Figure): Column<ComparedCall> {
  return {
    key: `${figure}-${of}`,
    label: `${NAMES[figure]} ${of.toUpperCase()}`,
    numeric: true,
    value: (row) => row[of]?.[figure] ?? null,
    render: (row) => <Value side={row[of]} figure={figure} />,
  }
}

function Value({ side: of, figure }: { side: Side | null; figure: Figure }) {
  if (!of) return <span title="not in this trace">{NONE}</span>
  const failed = figure === 'count' && of.errors > 0
  return (
    <span className={failed ? styles.failed : undefined} title={failed ? `${exactOf(figure, of[figure])}, ${of.errors} failed` : exactOf(figure, of[figure])}>
      {failed && <IconAlertOctagonFilled size={12} role="img" aria-label={`${of.errors} failed`} />}
      {textOf(figure, of[figure])}
    </span>
  )
}

function change(figure: Figure): Column<ComparedCall> {
  return {
    key: `${figure}-change`,
    label: 'B − A',
    numeric: true,
    value: (row) => difference(row, figure),
    render: (row) => <Change value={difference(row, figure)} figure={figure} />,
  }
}

/** A sign says which way it went, and how far is told by how strong it is written. */
function Change({ value, figure }: { value: number; figure: Figure }) {
  if (value === 0) return <span className={styles.same}>0</span>
  return (
    <span className={styles.change} data-more={value > 0 || undefined} title={exactOf(figure, value)}>
      {value > 0 ? '+' : '−'}
      {textOf(figure, Math.abs(value))}
    </span>
  )
}

function Operation({ row, rows, asTree }: { row: ComparedCall; rows: ComparedCall[]; asTree: boolean }) {
  const only = row.b ? (row.a ? null : 'only in B') : 'only in A'
  const name = row.target ? `${row.name} → ${row.target}` : row.name
  return (
    <span className={styles.operation} style={asTree ? { paddingLeft: Math.min(row.depth, 24) * 14 } : undefined} title={namesTo(rows, row).join(' › ')}>
      <span>{asTree ? name : namesTo(rows, row).slice(-3).join(' › ')}</span>
      {only && <small>{only}</small>}
    </span>
  )
}
