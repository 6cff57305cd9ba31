import { Checkbox } from '@mantine/core'
import { useBackends } from '../../api/queries'
import type { Backend, Page } from '../../api/types'
import { paths } from '../../app/paths'
import { useId } from '../../app/useId'
import { useUrlState } from '../../app/urlState'
import { Card } from '../../components/card/Card'
import { EntityIcon } from '../../components/EntityIcon'
import { Middle } from '../../components/name/Middle'
import { figureColumns } from '../../components/figures/columns'
import { healthColumn } from '../../components/health/column'
import { useHealth, type HealthOf } from '../../components/health/queries'
import { RangeLink } from '../../components/link/RangeLink'
import { SearchInput } from '../../components/SearchInput'
import { Empty } from '../../components/states/Empty'
import { Loaded } from '../../components/states/Loaded'
import { DataTable, type Column } from '../../components/table/DataTable'
import { nameParts } from '../../format/names'
import { plural } from '../../format/numbers'
import page from '../page.module.css'

function columnsOf(application: number, healthOf: HealthOf): Column<Backend>[] {
  return [
    {
      key: 'name',
      label: 'Backend',
      value: (b) => b.name,
      render: (b) => (
        <span className={page.name}>
          <EntityIcon kind="backend" type={b.type} />
          <RangeLink to={paths.backend(application, b.id)} aria-label={b.name}>
            <Middle text={nameParts({ ...b, kind: 'backend' }).name} title={b.name} />
          </RangeLink>
        </span>
      ),
    },
    healthColumn<Backend>(healthOf, (b) => b.id, (b) => b.name, application),
    { key: 'type', label: 'Type', value: (b) => b.type, render: (b) => b.type.toLowerCase() },
    { key: 'system', label: 'System', value: (b) => b.system, render: (b) => b.system ?? '–' },
    { key: 'address', label: 'Address', value: (b) => b.address, render: (b) => <span className={page.mono}>{b.address}</span> },
    ...figureColumns<Backend>((b) => b.figures),
  ]
}

const isCalled = (b: Backend) => b.figures.calls > 0

export function BackendsPage() {
  const id = useId('applicationId')
  const query = useBackends(id)
  const healthOf = useHealth(id)
  const [filter, setFilter] = useUrlState('filter')
  const [uncalled, setUncalled] = useUrlState('uncalled')
  const called = query.data?.items.filter(isCalled).length ?? 0
  const silent = (query.data?.items.length ?? 0) - called
  return (
    <div className={page.page}>
      <Card
        title="Backends"
        note={query.data && `${plural(called, 'backend')} called in this range`}
        actions={
          <>
            {(silent > 0 || uncalled === 'on') && <Checkbox label={`Without calls (${silent})`} checked={uncalled === 'on'} onChange={(e) => setUncalled(e.currentTarget.checked ? 'on' : null)} />}
            <SearchInput label="Filter backends" value={filter} onChange={setFilter} />
          </>
        }
      >
        <Loaded query={query} what="the backends">
          {(data: Page<Backend>) => {
            const rows = data.items.filter((b) => (uncalled === 'on' || isCalled(b)) && `${b.name}\n${b.type}\n${b.system ?? ''}`.toLowerCase().includes(filter.toLowerCase()))
            if (rows.length === 0 && !filter) return <Empty title="No backend was called in this range">Databases, caches, queues and hosts appear when a tier calls them.</Empty>
            return rows.length ? <DataTable label="Backends" rows={rows} columns={columnsOf(id, healthOf)} rowKey={(b) => b.id} defaultSort="-calls_per_minute" rest={query} /> : <Empty title="No backend matches" />
          }}
        </Loaded>
      </Card>
    </div>
  )
}
