import { Checkbox } from '@mantine/core'
import { useMemo, type ReactNode } from 'react'
import { useNavigate } from 'react-router'
import { useBusinessTransactions } from '../../api/queries'
import type { BusinessTransaction, Page } from '../../api/types'
import { paths } from '../../app/paths'
import { useHref, useUrlState } from '../../app/urlState'
import { Card } from '../../components/card/Card'
import { SearchInput } from '../../components/SearchInput'
import { Empty } from '../../components/states/Empty'
import { Loaded } from '../../components/states/Loaded'
import { DataTable, type Rest } from '../../components/table/DataTable'
import { plural } from '../../format/numbers'
import { businessTransactionColumns } from './columns'

const isBackground = (bt: BusinessTransaction) => bt.background || bt.health_check

interface Props {
  application: number
  /** Show only the busiest; the rest is on its own page. */
  limit?: number
  more?: ReactNode
}

export function BusinessTransactionsTable({ application, limit, more }: Props) {
  const query = useBusinessTransactions(application)
  const [filter, setFilter] = useUrlState('filter')
  const [background, setBackground] = useUrlState('background')
  const all = query.data?.items
  const hidden = all?.filter(isBackground).length ?? 0
  return (
    <Card
      title="Business transactions"
      note={all && plural(all.length, 'transaction')}
      actions={
        <>
          {hidden > 0 && <Checkbox label={`Background and health checks (${hidden})`} checked={background === 'on'} onChange={(e) => setBackground(e.currentTarget.checked ? 'on' : null)} />}
          <SearchInput label="Filter by name or tier" value={filter} onChange={setFilter} />
          {more}
        </>
      }
    >
      <Loaded query={query} what="the business transactions">
        {(data: Page<BusinessTransaction>) => <Rows application={application} items={data.items} filter={filter} background={background === 'on'} limit={limit} rest={limit ? undefined : query} />}
      </Loaded>
    </Card>
  )
}

interface RowsProps {
  application: number
  items: BusinessTransaction[]
  filter: string
  background: boolean
  limit?: number
  rest?: Rest
}

function Rows({ application, items, filter, background, limit, rest }: RowsProps) {
  const navigate = useNavigate()
  const href = useHref()
  const columns = useMemo(() => businessTransactionColumns(application), [application])
  const rows = useMemo(() => {
    const wanted = filter.toLowerCase()
    const found = items.filter((bt) => (background || !isBackground(bt)) && `${bt.name}\n${bt.tier.name}`.toLowerCase().includes(wanted))
    return limit ? [...found].sort((a, b) => b.figures.calls - a.figures.calls).slice(0, limit) : found
  }, [items, filter, background, limit])
  if (items.length === 0) return <Empty title="No business transaction in this range">They appear with the first request that enters the application. A longer range may show earlier ones.</Empty>
  if (rows.length === 0) return <Empty title="No business transaction matches">Nothing shown is named like “{filter}”.</Empty>
  return <DataTable label="Business transactions" rows={rows} columns={columns} rowKey={(bt) => bt.id} defaultSort="-calls_per_minute" onRowClick={(bt) => void navigate(href(paths.businessTransaction(application, bt.id)))} rest={rest} />
}
