import { Checkbox } from '@mantine/core'
import { useMemo } from 'react'
import { useNodes } from '../../api/queries'
import type { Node, Page } from '../../api/types'
import { paths } from '../../app/paths'
import { useUrlState } from '../../app/urlState'
import { Card } from '../../components/card/Card'
import { figureColumns } from '../../components/figures/columns'
import { healthColumn } from '../../components/health/column'
import { useHealth, type HealthOf } from '../../components/health/queries'
import { RangeLink } from '../../components/link/RangeLink'
import { Empty } from '../../components/states/Empty'
import { Loaded } from '../../components/states/Loaded'
import { DataTable, type Column } from '../../components/table/DataTable'
import { plural } from '../../format/numbers'
import { ago, exactMoment } from '../../format/times'
import { useTimeRange } from '../../time/TimeRangeContext'
import page from '../page.module.css'

interface Props {
  application: number
  /** Only this tier's. */
  tier?: number
  filter?: string
  /** The application reported nothing: no figures are told. */
  silent?: boolean
}

function columnsOf({ application, tier, silent }: Props, now: number, healthOf: HealthOf): Column<Node>[] {
  const all: Column<Node>[] = [
    {
      key: 'name',
      label: 'Node',
      value: (n) => n.name,
      render: (n) => (
        <span className={page.name}>
          <RangeLink to={paths.node(application, n.id)}>{n.name}</RangeLink>
          {n.historical && <span className={page.tag}>historical</span>}
        </span>
      ),
    },
    healthColumn<Node>(healthOf, (n) => n.id, (n) => n.name, application),
    { key: 'tier', label: 'Tier', value: (n) => n.tier.name, render: (n) => <RangeLink to={paths.tier(application, n.tier.id)}>{n.tier.name}</RangeLink> },
    { key: 'runtime', label: 'Runtime', value: (n) => n.runtime, render: (n) => n.runtime ?? '–' },
    { key: 'agent', label: 'Agent', value: (n) => n.agent, render: (n) => n.agent ?? '–' },
    { key: 'last_seen', label: 'Last seen', value: (n) => n.last_seen, render: (n) => <span title={exactMoment(n.last_seen)}>{ago(n.last_seen, now)}</span> },
    ...figureColumns<Node>((n) => (silent ? null : n.figures)),
  ]
  return all.filter((column) => column.key !== 'tier' || !tier)
}

/** The nodes that lived in the range, and on request those that are gone, whose history is kept. */
export function NodesTable({ application, tier, filter = '', silent = false }: Props) {
  const [gone, setGone] = useUrlState('historical')
  const query = useNodes(application, { tier, historical: gone === 'on' || undefined })
  const { now } = useTimeRange()
  const healthOf = useHealth(application)
  const columns = useMemo(() => columnsOf({ application, tier, silent }, now, healthOf), [application, tier, silent, now, healthOf])
  const wanted = filter.toLowerCase()
  return (
    <Card title="Nodes" note={query.data && plural(query.data.items.length, 'node')} actions={<Checkbox label="Also historical" title="Unseen for an hour, and not in the range" checked={gone === 'on'} onChange={(e) => setGone(e.currentTarget.checked ? 'on' : null)} />}>
      <Loaded query={query} what="the nodes">
        {(data: Page<Node>) => {
          const rows = data.items.filter((n) => `${n.name}\n${n.tier.name}`.toLowerCase().includes(wanted))
          return rows.length ? <DataTable label="Nodes" rows={rows} columns={columns} rowKey={(n) => n.id} defaultSort={tier ? '-calls_per_minute' : 'tier'} sortParam="node-sort" rest={query} /> : <Empty title={data.items.length ? 'No node matches' : 'No node reported in this range'} />
        }}
      </Loaded>
    </Card>
  )
}
