import { Button } from '@mantine/core'
import { IconArrowDown, IconArrowUp } from '@tabler/icons-react'
import { useMemo, useState, type ReactNode } from 'react'
import { useUrlState } from '../../app/urlState'
import { formatSort, parseSort, sorted, toggled, type Sort, type Sortable } from './sort'
import styles from './DataTable.module.css'

export interface Column<Row> {
  key: string
  label: string
  /** Present on columns that sort. */
  value?: (row: Row) => Sortable
  render(row: Row): ReactNode
  numeric?: boolean
  width?: string
}

interface Props<Row> {
  label: string
  rows: readonly Row[]
  columns: Column<Row>[]
  rowKey(row: Row): string | number
  defaultSort: string
  /** The URL parameter that keeps the sort; two tables on a page need two. */
  sortParam?: string
  onRowClick?(row: Row): void
  isSelected?(row: Row): boolean
}

const CHUNK = 200

/** A sortable table. Sorting is kept in the URL; long tables show more on request. */
export function DataTable<Row>({ label, rows, columns, rowKey, defaultSort, sortParam = 'sort', onRowClick, isSelected }: Props<Row>) {
  const [sortText, setSortText] = useUrlState(sortParam, defaultSort)
  const [shown, setShown] = useState(CHUNK)
  const sort = parseSort(sortText)
  const ordered = useMemo(() => {
    const { key, descending } = parseSort(sortText)
    const value = columns.find((c) => c.key === key)?.value
    return value ? sorted(rows, value, descending) : rows
  }, [rows, columns, sortText])
  return (
    <div className={styles.scroll}>
      <table className={styles.table} aria-label={label}>
        <thead>
          <tr>
            {columns.map((column) => (
              <HeadCell key={column.key} column={column} sort={sort} onSort={(next) => setSortText(formatSort(next))} />
            ))}
          </tr>
        </thead>
        <tbody>
          {ordered.slice(0, shown).map((row) => (
            // oxlint-disable-next-line jsx-a11y/click-events-have-key-events -- the row's link or button does the same by keyboard
            <tr key={rowKey(row)} data-clickable={onRowClick ? true : undefined} data-selected={isSelected?.(row) || undefined} onClick={onRowClick && (() => onRowClick(row))}>
              {columns.map((column) => (
                <td key={column.key} data-numeric={column.numeric}>
                  {column.render(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {ordered.length > shown && (
        <div className={styles.more}>
          {shown} of {ordered.length} rows
          <Button variant="subtle" onClick={() => setShown(shown + CHUNK)}>
            Show {Math.min(CHUNK, ordered.length - shown)} more
          </Button>
        </div>
      )}
    </div>
  )
}

function HeadCell<Row>({ column, sort, onSort }: { column: Column<Row>; sort: Sort; onSort(sort: Sort): void }) {
  const active = sort.key === column.key
  const direction = sort.descending ? 'descending' : 'ascending'
  const Arrow = sort.descending ? IconArrowDown : IconArrowUp
  return (
    <th scope="col" style={{ width: column.width }} data-numeric={column.numeric} aria-sort={active ? direction : undefined}>
      {column.value ? (
        <button type="button" onClick={() => onSort(toggled(sort, column.key, column.numeric ?? false))}>
          {column.label}
          {active && <Arrow size={12} aria-hidden />}
        </button>
      ) : (
        column.label
      )}
    </th>
  )
}
