import { Checkbox, SegmentedControl } from '@mantine/core'
import { useMemo, useState, type ReactNode } from 'react'
import { useNavigate } from 'react-router'
import { useMay } from '../../access/may'
import { useBusinessTransactions } from '../../api/queries'
import type { BusinessTransaction, Page, TransactionGroup } from '../../api/types'
import { paths } from '../../app/paths'
import { useHref, useUrlState } from '../../app/urlState'
import { Card } from '../../components/card/Card'
import { useHealth } from '../../components/health/queries'
import { SearchInput } from '../../components/SearchInput'
import { Empty } from '../../components/states/Empty'
import { Loaded } from '../../components/states/Loaded'
import { DataTable, type Rest } from '../../components/table/DataTable'
import { plural } from '../../format/numbers'
import { rowColumns } from './columns'
import { ExcludedTable } from './ExcludedTable'
import { isBackground, keyOf, rowsOf, type Row } from './model'
import { useTransactionGroups } from './queries'
import { SelectedActions } from './SelectedActions'

const LISTS = [
  { value: 'wanted', label: 'All' },
  { value: 'excluded', label: 'Excluded' },
]

interface Props {
  application: number
  /** Show only the busiest; the rest, and what is to be done with them, is on their own page. */
  limit?: number
  more?: ReactNode
}

export function BusinessTransactionsTable({ application, limit, more }: Props) {
  const query = useBusinessTransactions(application)
  const groups = useTransactionGroups(application).data?.items ?? []
  const [filter, setFilter] = useUrlState('filter')
  const [background, setBackground] = useUrlState('background')
  const [members, setMembers] = useUrlState('members')
  const [list, setList] = useUrlState('list', 'wanted')
  const all = query.data?.items
  const hidden = all?.filter(isBackground).length ?? 0
  const excluded = list === 'excluded' && limit === undefined
  return (
    <Card
      title="Business transactions"
      note={all && [plural(all.length, 'transaction'), groups.length > 0 && plural(groups.length, 'group')].filter(Boolean).join(', ')}
      actions={
        <>
          {!excluded && groups.length > 0 && <Checkbox label="Members of groups" checked={members === 'on'} onChange={(e) => setMembers(e.currentTarget.checked ? 'on' : null)} />}
          {!excluded && hidden > 0 && <Checkbox label={`Background and health checks (${hidden})`} checked={background === 'on'} onChange={(e) => setBackground(e.currentTarget.checked ? 'on' : null)} />}
          {!excluded && <SearchInput label="Filter by name or tier" value={filter} onChange={setFilter} />}
          {limit === undefined && <SegmentedControl size="xs" aria-label="Which business transactions" data={LISTS} value={excluded ? 'excluded' : 'wanted'} onChange={setList} />}
          {more}
        </>
      }
    >
      {excluded ? (
        <ExcludedTable application={application} />
      ) : (
        <Loaded query={query} what="the business transactions">
          {(data: Page<BusinessTransaction>) => <Rows application={application} items={data.items} groups={groups} filter={filter} background={background === 'on'} members={members === 'on'} limit={limit} rest={limit ? undefined : query} />}
        </Loaded>
      )}
    </Card>
  )
}

interface RowsProps {
  application: number
  items: BusinessTransaction[]
  groups: TransactionGroup[]
  filter: string
  background: boolean
  members: boolean
  limit?: number
  rest?: Rest
}

function Rows({ application, items, groups, filter, background, members, limit, rest }: RowsProps) {
  const navigate = useNavigate()
  const href = useHref()
  const mayChange = useMay()('configure', application)
  const [ticked, setTicked] = useState<ReadonlySet<number>>(new Set())
  const healthOf = useHealth(application)
  const columns = useMemo(() => {
    const tick = (id: number) =>
      setTicked((before) => {
        const after = new Set(before)
        if (!after.delete(id)) after.add(id)
        return after
      })
    return rowColumns(application, healthOf, limit === undefined && mayChange ? { ticked, tick } : null)
  }, [application, healthOf, limit, mayChange, ticked])
  const rows = useMemo(() => {
    const found = rowsOf(items, groups, filter, background, members)
    const calls = (row: Row) => (row.kind === 'bt' ? row.bt : row.group).figures.calls
    return limit ? [...found].sort((a, b) => calls(b) - calls(a)).slice(0, limit) : found
  }, [items, groups, filter, background, members, limit])
  const selected = items.filter((bt) => ticked.has(bt.id))
  if (items.length === 0) return <Empty title="No business transaction in this range">They appear with the first request that enters the application. A longer range may show earlier ones.</Empty>
  if (rows.length === 0) return <Empty title="No business transaction matches">Nothing shown is named like “{filter}”.</Empty>
  const open = (row: Row) => void navigate(href(row.kind === 'bt' ? paths.businessTransaction(application, row.bt.id) : paths.transactionGroup(application, row.group.id)))
  return (
    <>
      {selected.length > 0 && <SelectedActions application={application} selected={selected} groups={groups} onDone={() => setTicked(new Set())} />}
      <DataTable label="Business transactions" rows={rows} columns={columns} rowKey={keyOf} defaultSort="-calls_per_minute" onRowClick={open} rest={rest} />
    </>
  )
}
