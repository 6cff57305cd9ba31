import { IconAlertTriangleFilled } from '@tabler/icons-react'
import { useApplication, useNodes, useTiers } from '../../api/queries'
import type { Page, Tier } from '../../api/types'
import { paths } from '../../app/paths'
import { useId } from '../../app/useId'
import { useUrlState } from '../../app/urlState'
import { Card } from '../../components/card/Card'
import { EntityIcon } from '../../components/EntityIcon'
import { figureColumns } from '../../components/figures/columns'
import { told } from '../../components/figures/told'
import { healthColumn } from '../../components/health/column'
import { useHealth, type HealthOf } from '../../components/health/queries'
import { RangeLink } from '../../components/link/RangeLink'
import { SearchInput } from '../../components/SearchInput'
import { Empty } from '../../components/states/Empty'
import { Loaded } from '../../components/states/Loaded'
import { DataTable, type Column } from '../../components/table/DataTable'
import { count, plural } from '../../format/numbers'
import page from '../page.module.css'
import { NodesTable } from './NodesTable'

function tierColumns(application: number, silent: boolean, healthOf: HealthOf): Column<Tier>[] {
  return [
    {
      key: 'name',
      label: 'Tier',
      value: (t) => t.name,
      render: (t) => (
        <span className={page.name}>
          <EntityIcon kind="tier" type="tier" />
          <RangeLink to={paths.tier(application, t.id)}>{t.name}</RangeLink>
          {t.hints.length > 0 && (
            <span title={t.hints.join('\n')}>
              <IconAlertTriangleFilled size={13} color="var(--v-warn-fill)" role="img" aria-label={t.hints.join(' ')} />
            </span>
          )}
        </span>
      ),
    },
    healthColumn<Tier>(healthOf, (t) => t.id, (t) => t.name, application),
    { key: 'runtime', label: 'Runtime', value: (t) => t.runtime, render: (t) => t.runtime ?? '–' },
    { key: 'agent', label: 'Agent', value: (t) => t.agent, render: (t) => t.agent ?? '–' },
    { key: 'nodes', label: 'Nodes', numeric: true, value: (t) => t.nodes, render: (t) => count(t.nodes) },
    ...figureColumns<Tier>((t) => (silent ? null : t.figures)),
  ]
}

export function TiersPage() {
  const id = useId('applicationId')
  const application = useApplication(id)
  const silent = application.data !== undefined && told(application.data) === null
  const tiers = useTiers(id)
  // Asked for already, and drawn once it is known how much stands above them.
  useNodes(id)
  const healthOf = useHealth(id)
  const [filter, setFilter] = useUrlState('filter')
  const wanted = filter.toLowerCase()
  return (
    <div className={page.page}>
      <Card title="Tiers" note={tiers.data && plural(tiers.data.items.length, 'tier')} actions={<SearchInput label="Filter tiers and nodes" value={filter} onChange={setFilter} />}>
        <Loaded query={tiers} what="the tiers">
          {(data: Page<Tier>) => {
            const rows = data.items.filter((t) => t.name.toLowerCase().includes(wanted))
            return rows.length ? <DataTable label="Tiers" rows={rows} columns={tierColumns(id, silent, healthOf)} rowKey={(t) => t.id} defaultSort="-calls_per_minute" rest={tiers} /> : <Empty title={data.items.length ? 'No tier matches' : 'No tier reported in this range'} />
          }}
        </Loaded>
      </Card>
      {!tiers.isPending && <NodesTable application={id} filter={filter} silent={silent} />}
    </div>
  )
}
