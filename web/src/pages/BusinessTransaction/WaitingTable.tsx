import { Button } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useMay } from '../../access/may'
import { write, type ApiError } from '../../api/client'
import { useWaitingTransactions } from '../../api/queries'
import type { Page, WaitingTransaction } from '../../api/types'
import { Card } from '../../components/card/Card'
import { EntryTypeIcon } from '../../components/EntityIcon'
import { figureColumns } from '../../components/figures/columns'
import { Empty } from '../../components/states/Empty'
import { Loaded } from '../../components/states/Loaded'
import { DataTable, type Column } from '../../components/table/DataTable'
import { ago, exactMoment } from '../../format/times'
import { TELEMETRY, useTimeRange } from '../../time/TimeRangeContext'
import page from '../page.module.css'

const FIGURES = new Set(['calls_per_minute', 'calls', 'average_ms', 'errors', 'error_percent'])

function columnsOf(application: number, now: number, mayPromote: boolean): Column<WaitingTransaction>[] {
  return [
    {
      key: 'name',
      label: 'Business transaction',
      value: (bt) => bt.name,
      render: (bt) => (
        <span className={page.name}>
          <EntryTypeIcon type={bt.entry_type} />
          {bt.name}
        </span>
      ),
    },
    ...figureColumns<WaitingTransaction>((bt) => bt.figures).filter((column) => FIGURES.has(column.key)),
    { key: 'last_seen', label: 'Last seen', value: (bt) => bt.last_seen_ms, render: (bt) => <span title={exactMoment(bt.last_seen_ms)}>{ago(bt.last_seen_ms, now)}</span> },
    ...(mayPromote ? [{ key: 'promote', label: 'Of its own', render: (bt: WaitingTransaction) => <PromoteButton application={application} bt={bt} /> }] : []),
  ]
}

/** What a tier's other traffic is made of, as far as it has names: each can become a business transaction of its own. */
export function WaitingTable({ application, tier }: { application: number; tier: number }) {
  const query = useWaitingTransactions(application, tier)
  const { now } = useTimeRange()
  const mayPromote = useMay()('configure', application)
  return (
    <Card title="Waiting for a place" note="beyond 200 transactions an application or 50 a tier; the figures are those of the service endpoint">
      <Loaded query={query} what="the transactions that wait">
        {(data: Page<WaitingTransaction>) =>
          data.items.length ? (
            <DataTable label="Waiting transactions" rows={data.items} columns={columnsOf(application, now, mayPromote)} rowKey={(bt) => bt.id} defaultSort="-calls" sortParam="waiting-sort" rest={query} />
          ) : (
            <Empty title="No transaction waits">What counts here are requests for static files and those that matched no route.</Empty>
          )
        }
      </Loaded>
    </Card>
  )
}

function PromoteButton({ application, bt }: { application: number; bt: WaitingTransaction }) {
  const client = useQueryClient()
  const promote = useMutation<unknown, ApiError, boolean>({
    mutationFn: (promoted) => write('PUT', `/business-transactions/${bt.id}/promotion`, { promoted }),
    onSettled: () => client.invalidateQueries({ queryKey: [TELEMETRY, `/applications/${application}/waiting-transactions`] }),
  })
  return (
    <span className={page.name}>
      <Button size="compact-xs" variant={bt.promoted ? 'subtle' : 'light'} loading={promote.isPending} onClick={() => promote.mutate(!bt.promoted)} aria-label={`${bt.promoted ? 'Do not promote' : 'Promote'} ${bt.name}`}>
        {bt.promoted ? 'Undo' : 'Promote'}
      </Button>
      <span className={page.muted} role={promote.error ? 'alert' : undefined}>
        {promote.error?.message ?? (bt.promoted ? 'from the next minute on' : '')}
      </span>
    </span>
  )
}
