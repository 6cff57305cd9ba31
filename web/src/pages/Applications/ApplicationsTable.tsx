import { useMemo } from 'react'
import { useNavigate } from 'react-router'
import type { Application } from '../../api/types'
import { paths } from '../../app/paths'
import { useHref, useUrlState } from '../../app/urlState'
import { Card } from '../../components/card/Card'
import { figureColumns } from '../../components/figures/columns'
import { told } from '../../components/figures/told'
import { healthColumn } from '../../components/health/column'
import { useApplicationsHealth, type HealthOf } from '../../components/health/queries'
import { RangeLink } from '../../components/link/RangeLink'
import { SearchInput } from '../../components/SearchInput'
import { Sparkline } from '../../components/sparkline/Sparkline'
import { Empty } from '../../components/states/Empty'
import { DataTable, type Column, type Rest } from '../../components/table/DataTable'
import { count, plural } from '../../format/numbers'
import page from '../page.module.css'

const columnsOf = (healthOf: HealthOf): Column<Application>[] => [
  {
    key: 'name',
    label: 'Application',
    value: (a) => a.name,
    render: (a) => (
      <RangeLink to={paths.application(a.id)}>
        <span className={page.name}>{a.name}</span>
      </RangeLink>
    ),
  },
  healthColumn<Application>(healthOf, (a) => a.id, (a) => a.name),
  { key: 'trend', label: 'Calls over time', width: '130px', render: (a) => <Sparkline values={a.sparkline} label="Calls per minute" /> },
  ...figureColumns<Application>(told),
  { key: 'tiers', label: 'Tiers', numeric: true, value: (a) => a.tiers, render: (a) => count(a.tiers) },
  { key: 'nodes', label: 'Nodes', numeric: true, value: (a) => a.nodes, render: (a) => count(a.nodes) },
  { key: 'bts', label: 'Transactions', numeric: true, value: (a) => a.business_transactions, render: (a) => count(a.business_transactions) },
]

export function ApplicationsTable({ applications, rest }: { applications: Application[]; rest: Rest }) {
  const [search, setSearch] = useUrlState('search')
  const healthOf = useApplicationsHealth()
  const columns = useMemo(() => columnsOf(healthOf), [healthOf])
  const navigate = useNavigate()
  const href = useHref()
  const found = useMemo(() => applications.filter((a) => a.name.toLowerCase().includes(search.toLowerCase())), [applications, search])
  return (
    <Card
      title="Applications"
      level={1}
      note={plural(applications.length, 'application')}
      actions={
        <>
          <RangeLink to={paths.applicationMap}>All on one map</RangeLink>
          <SearchInput label="Search applications" value={search} onChange={setSearch} />
        </>
      }
    >
      {found.length ? (
        <DataTable label="Applications" rows={found} columns={columns} rowKey={(a) => a.id} defaultSort="-calls_per_minute" onRowClick={(a) => void navigate(href(paths.application(a.id)))} rest={rest} />
      ) : (
        <Empty title="No application matches">Nothing is named like “{search}”.</Empty>
      )}
    </Card>
  )
}
