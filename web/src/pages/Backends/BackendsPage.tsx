import { useBackends } from '../../api/queries'
import type { Backend, Page } from '../../api/types'
import { paths } from '../../app/paths'
import { useId } from '../../app/useId'
import { useUrlState } from '../../app/urlState'
import { Card } from '../../components/card/Card'
import { EntityIcon } from '../../components/EntityIcon'
import { figureColumns } from '../../components/figures/columns'
import { RangeLink } from '../../components/link/RangeLink'
import { SearchInput } from '../../components/SearchInput'
import { Empty } from '../../components/states/Empty'
import { Loaded } from '../../components/states/Loaded'
import { DataTable, type Column } from '../../components/table/DataTable'
import { plural } from '../../format/numbers'
import page from '../page.module.css'

function columnsOf(application: number): Column<Backend>[] {
  return [
    {
      key: 'name',
      label: 'Backend',
      value: (b) => b.name,
      render: (b) => (
        <span className={page.name}>
          <EntityIcon kind="backend" type={b.type} />
          <RangeLink to={paths.flowMap(application)} extra={{ selected: b.id }} title="Show on the flow map">
            {b.name}
          </RangeLink>
        </span>
      ),
    },
    { key: 'type', label: 'Type', value: (b) => b.type, render: (b) => b.type.toLowerCase() },
    { key: 'system', label: 'System', value: (b) => b.system, render: (b) => b.system ?? '–' },
    { key: 'address', label: 'Address', value: (b) => b.address, render: (b) => <span className={page.mono}>{b.address}</span> },
    ...figureColumns<Backend>((b) => b.figures),
  ]
}

export function BackendsPage() {
  const id = useId('applicationId')
  const query = useBackends(id)
  const [filter, setFilter] = useUrlState('filter')
  return (
    <div className={page.page}>
      <Card title="Backends" note={query.data && plural(query.data.items.length, 'backend')} actions={<SearchInput label="Filter backends" value={filter} onChange={setFilter} />}>
        <Loaded query={query} what="the backends">
          {(data: Page<Backend>) => {
            const rows = data.items.filter((b) => `${b.name}\n${b.type}\n${b.system ?? ''}`.toLowerCase().includes(filter.toLowerCase()))
            if (data.items.length === 0) return <Empty title="No backend was called in this range">Databases, caches, queues and hosts appear when a tier calls them.</Empty>
            return rows.length ? <DataTable label="Backends" rows={rows} columns={columnsOf(id)} rowKey={(b) => b.id} defaultSort="-calls_per_minute" /> : <Empty title="No backend matches" />
          }}
        </Loaded>
      </Card>
    </div>
  )
}
