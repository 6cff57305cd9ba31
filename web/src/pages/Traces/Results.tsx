import { Button } from '@mantine/core'
import { useMemo, type ReactNode } from 'react'
import { useNavigate, useSearchParams } from 'react-router'
import type { ListResult } from '../../api/queries'
import type { Page } from '../../api/types'
import { useHref } from '../../app/urlState'
import { paths } from '../../app/paths'
import { Card } from '../../components/card/Card'
import { Empty } from '../../components/states/Empty'
import { Loaded } from '../../components/states/Loaded'
import { DataTable, type Column } from '../../components/table/DataTable'
import { plural } from '../../format/numbers'
import { moment } from '../../format/times'
import { rangeToParams } from '../../time/range'
import { useTimeRange } from '../../time/TimeRangeContext'
import { filterOf, withFilter } from './model/filter'
import type { Point } from './model/plot'
import { Scatter } from './Scatter'

/** What is known of every row, whatever it is. */
export interface Found extends Point {
  trace: string
  span: string
  label: string
}

interface Props<Row> {
  query: ListResult<Row>
  what: string
  columns: Column<Row>[]
  foundOf(row: Row): Found
  empty: ReactNode
}

/** What a search found: plotted, and as a table. */
export function Results<Row>({ query, what, columns, foundOf, empty }: Props<Row>) {
  const { window, now } = useTimeRange()
  const navigate = useNavigate()
  const href = useHref()
  const [, setParams] = useSearchParams()
  const items = query.data?.items
  const found = useMemo(() => new Map((items ?? []).map((row) => [foundOf(row).key, foundOf(row)])), [items, foundOf])
  const points = useMemo(() => [...found.values()], [found])
  const open = (key: string) => {
    const row = found.get(key)
    if (row) void navigate(href(paths.trace(row.trace), { span: row.span }))
  }
  const zoom = ({ from, to, min, max }: { from: number; to: number; min: number; max: number }) =>
    setParams((before) => {
      const after = withFilter(before, { ...filterOf(before), min, max })
      if (to <= from) return after
      for (const [name, value] of Object.entries(rangeToParams({ kind: 'absolute', from, to }))) {
        if (value === null) after.delete(name)
        else after.set(name, value)
      }
      return after
    })
  const oldest = points.reduce((least, { at }) => Math.min(least, at), Number.POSITIVE_INFINITY)
  const note = query.hasNextPage && points.length > 0 ? `the newest ${points.length}, back to ${moment(oldest, now)}` : query.data ? plural(points.length, what) : undefined
  return (
    <Card title={what === 'span' ? 'Spans' : 'Transactions'} note={note}>
      <Loaded query={query} what={`the ${what}s`} lines={8}>
        {(data: Page<Row>) =>
          data.items.length > 0 ? (
            <>
              <Scatter points={points} window={window} what={what} labelOf={(key) => found.get(key)?.label ?? ''} onOpen={open} onZoom={zoom} />
              <DataTable label={what === 'span' ? 'Spans' : 'Transactions'} rows={data.items} columns={columns} rowKey={(row) => foundOf(row).key} defaultSort="-start" onRowClick={(row) => open(foundOf(row).key)} rest={query} />
            </>
          ) : query.hasNextPage ? (
            <>
              <Empty title={`No ${what} like this among the newest`}>There is more than can be looked through at once. Looking goes on from where it ended; a shorter range or further filters find more at once.</Empty>
              <Further query={query} />
            </>
          ) : (
            <Empty title={`No ${what} like this in this range`}>{empty}</Empty>
          )
        }
      </Loaded>
    </Card>
  )
}

function Further<Row>({ query }: { query: ListResult<Row> }) {
  return (
    <Button mx="auto" mb="md" variant="default" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
      Look further back
    </Button>
  )
}

