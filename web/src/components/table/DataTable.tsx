import { Button } from '@mantine/core'
import { IconArrowDown, IconArrowUp } from '@tabler/icons-react'
import { useMemo, useState, type ReactNode } from 'react'
import { useUrlState } from '../../app/urlState'
import { count } from '../../format/numbers'
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

/** What a list by cursor says of its rest. */
export interface Rest {
  hasNextPage: boolean
  isFetchingNextPage: boolean
  fetchNextPage(): unknown
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
  /** Present when the server may have more rows than were loaded. */
  rest?: Rest
}

const CHUNK = 200

/** A sortable table. Sorting is kept in the URL; long tables show more on request. */
export function DataTable<Row>({ label, rows, columns, rowKey, defaultSort, sortParam = 'sort', onRowClick, isSelected, rest }: Props<Row>) {
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
      <Footer shown={Math.min(shown, ordered.length)} loaded={ordered.length} rest={rest} onShow={() => setShown(shown + CHUNK)} />
    </div>
  )
}

/** Rows at hand first, then the server's next page. */
function Footer({ shown, loaded, rest, onShow }: { shown: number; loaded: number; rest?: Rest; onShow(): void }) {
  if (shown < loaded) {
    return (
      <div className={styles.more}>
        {count(shown)} of {count(loaded)} rows
        <Button variant="subtle" onClick={onShow}>
          Show {count(Math.min(CHUNK, loaded - shown))} more
        </Button>
      </div>
    )
  }
  if (!rest?.hasNextPage) return null
  return (
    <div className={styles.more}>
      {count(loaded)} rows loaded, sorted among themselves
      <Button
        variant="subtle"
        loading={rest.isFetchingNextPage}
        onClick={() => {
          onShow()
          void rest.fetchNextPage()
        }}
      >
        Load more
      </Button>
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
