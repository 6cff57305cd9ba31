import { IconAlertTriangleFilled } from '@tabler/icons-react'
import { useApplication, useNodes, useTiers } from '../../api/queries'
import type { Node, Page, Tier } from '../../api/types'
import { paths } from '../../app/paths'
import { useId } from '../../app/useId'
import { useUrlState } from '../../app/urlState'
import { Card } from '../../components/card/Card'
import { EntityIcon } from '../../components/EntityIcon'
import { figureColumns } from '../../components/figures/columns'
import { told } from '../../components/figures/told'
import { RangeLink } from '../../components/link/RangeLink'
import { SearchInput } from '../../components/SearchInput'
import { Empty } from '../../components/states/Empty'
import { Loaded } from '../../components/states/Loaded'
import { DataTable, type Column } from '../../components/table/DataTable'
import { count, plural } from '../../format/numbers'
import { ago, exactMoment } from '../../format/times'
import { useTimeRange } from '../../time/TimeRangeContext'
import page from '../page.module.css'

function tierColumns(application: number, silent: boolean): Column<Tier>[] {
  return [
    {
      key: 'name',
      label: 'Tier',
      value: (t) => t.name,
      render: (t) => (
        <span className={page.name}>
          <EntityIcon kind="tier" type="tier" />
          <RangeLink to={paths.flowMap(application)} extra={{ selected: t.id }} title="Show on the flow map">
            {t.name}
          </RangeLink>
          {t.hints.length > 0 && (
            <span title={t.hints.join('\n')}>
              <IconAlertTriangleFilled size={13} color="var(--v-warn-fill)" role="img" aria-label={t.hints.join(' ')} />
            </span>
          )}
        </span>
      ),
    },
    { key: 'runtime', label: 'Runtime', value: (t) => t.runtime, render: (t) => t.runtime ?? '–' },
    { key: 'agent', label: 'Agent', value: (t) => t.agent, render: (t) => t.agent ?? '–' },
    { key: 'nodes', label: 'Nodes', numeric: true, value: (t) => t.nodes, render: (t) => count(t.nodes) },
    ...figureColumns<Tier>((t) => (silent ? null : t.figures)),
  ]
}

function nodeColumns(now: number, silent: boolean): Column<Node>[] {
  return [
    { key: 'name', label: 'Node', value: (n) => n.name, render: (n) => <span className={page.name}>{n.name}{n.historical && <span className={page.tag}>historical</span>}</span> },
    { key: 'tier', label: 'Tier', value: (n) => n.tier.name, render: (n) => n.tier.name },
    { key: 'runtime', label: 'Runtime', value: (n) => n.runtime, render: (n) => n.runtime ?? '–' },
    { key: 'last_seen', label: 'Last seen', value: (n) => n.last_seen, render: (n) => <span title={exactMoment(n.last_seen)}>{ago(n.last_seen, now)}</span> },
    ...figureColumns<Node>((n) => (silent ? null : n.figures)),
  ]
}

export function TiersPage() {
  const id = useId('applicationId')
  const { now } = useTimeRange()
  const application = useApplication(id)
  const silent = application.data !== undefined && told(application.data) === null
  const tiers = useTiers(id)
  const nodes = useNodes(id)
  const [filter, setFilter] = useUrlState('filter')
  const wanted = filter.toLowerCase()
  return (
    <div className={page.page}>
      <Card title="Tiers" note={tiers.data && plural(tiers.data.items.length, 'tier')} actions={<SearchInput label="Filter tiers and nodes" value={filter} onChange={setFilter} />}>
        <Loaded query={tiers} what="the tiers">
          {(data: Page<Tier>) => {
            const rows = data.items.filter((t) => t.name.toLowerCase().includes(wanted))
            return rows.length ? <DataTable label="Tiers" rows={rows} columns={tierColumns(id, silent)} rowKey={(t) => t.id} defaultSort="-calls_per_minute" rest={tiers} /> : <Empty title={data.items.length ? 'No tier matches' : 'No tier reported in this range'} />
          }}
        </Loaded>
      </Card>
      <Card title="Nodes" note={nodes.data && plural(nodes.data.items.length, 'node')}>
        <Loaded query={nodes} what="the nodes">
          {(data: Page<Node>) => {
            const rows = data.items.filter((n) => `${n.name}\n${n.tier.name}`.toLowerCase().includes(wanted))
            return rows.length ? <DataTable label="Nodes" rows={rows} columns={nodeColumns(now, silent)} rowKey={(n) => n.id} defaultSort="tier" sortParam="node-sort" rest={nodes} /> : <Empty title={data.items.length ? 'No node matches' : 'No node reported in this range'} />
          }}
        </Loaded>
      </Card>
    </div>
  )
}
