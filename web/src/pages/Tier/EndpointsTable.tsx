import { useServiceEndpoints } from '../../api/queries'
import type { Page, ServiceEndpoint } from '../../api/types'
import { Card } from '../../components/card/Card'
import { figureColumns } from '../../components/figures/columns'
import { Empty } from '../../components/states/Empty'
import { Loaded } from '../../components/states/Loaded'
import { DataTable, type Column } from '../../components/table/DataTable'
import page from '../page.module.css'

const COLUMNS: Column<ServiceEndpoint>[] = [{ key: 'name', label: 'Service endpoint', value: (e) => e.name, render: (e) => <span className={page.name}>{e.name}</span> }, ...figureColumns<ServiceEndpoint>((e) => e.figures)]

/** The entry points of a tier, each measured by itself whatever business transaction it serves. */
export function EndpointsTable({ application, tier }: { application: number; tier: number }) {
  const query = useServiceEndpoints(application, tier)
  return (
    <Card title="Service endpoints" note="entry points, whatever business transaction they serve">
      <Loaded query={query} what="the service endpoints">
        {(data: Page<ServiceEndpoint>) => {
          const rows = data.items.filter((e) => e.figures.calls > 0)
          return rows.length ? <DataTable label="Service endpoints" rows={rows} columns={COLUMNS} rowKey={(e) => e.id} defaultSort="-calls_per_minute" sortParam="endpoint-sort" rest={query} /> : <Empty title="None was called in this range" />
        }}
      </Loaded>
    </Card>
  )
}
