import { Button } from '@mantine/core'
import { IconRefresh } from '@tabler/icons-react'
import { useSampled } from '../../api/sampled'
import type { Statement, Statements } from '../../api/types'
import { paths } from '../../app/paths'
import { Card } from '../../components/card/Card'
import { RangeLink } from '../../components/link/RangeLink'
import { Empty } from '../../components/states/Empty'
import { Loaded } from '../../components/states/Loaded'
import { DataTable, type Column } from '../../components/table/DataTable'
import { count, exact, percent, plural, responseTime } from '../../format/numbers'
import styles from './Backend.module.css'

const ms = (key: 'total_ms' | 'average_ms' | 'max_ms', label: string): Column<Statement> => ({ key, label, numeric: true, value: (s) => s[key], render: (s) => <span title={exact(s[key], 'ms')}>{responseTime(s[key])}</span> })

function columnsOf(application: number): Column<Statement>[] {
  return [
    { key: 'text', label: 'Statement or request', value: (s) => s.text, render: (s) => <code className={styles.statement}>{s.text}</code> },
    { key: 'tier', label: 'Asked by', value: (s) => s.tier.name, render: (s) => <RangeLink to={paths.tier(application, s.tier.id)}>{s.tier.name}</RangeLink> },
    { key: 'share', label: 'Of the time', numeric: true, value: (s) => s.share_percent, render: (s) => percent(s.share_percent) },
    ms('total_ms', 'Time'),
    { key: 'calls', label: 'Calls', numeric: true, value: (s) => s.calls, render: (s) => count(s.calls) },
    ms('average_ms', 'Average'),
    ms('max_ms', 'Slowest'),
    { key: 'errors', label: 'Errors', numeric: true, value: (s) => s.errors, render: (s) => count(s.errors) },
    {
      key: 'trace',
      label: 'Slowest trace',
      render: (s) => (
        <RangeLink to={paths.trace(s.slowest_trace_id)} extra={{ span: s.slowest_span_id }} aria-label={`Open the slowest trace of ${s.text}`}>
          Open
        </RangeLink>
      ),
    },
  ]
}

/** What a backend is asked, by the time it takes: of a sample of traces, since figures keep no statements. */
export function StatementsCard({ application, id }: { application: number; id: number }) {
  const query = useSampled<Statements>(`/backends/${id}/statements`)
  return (
    <Card
      title="Statements and requests"
      note={query.data && `a sample: ${plural(query.data.calls, 'call')} in ${plural(query.data.traces, 'trace')} of the business transactions that call it most, spread over the range`}
      actions={
        <Button variant="default" leftSection={<IconRefresh size={14} />} loading={query.isFetching} onClick={() => void query.refetch()}>
          Look again
        </Button>
      }
    >
      <Loaded query={query} what="the statements" lines={6}>
        {(data: Statements) =>
          data.items.length ? (
            <DataTable label="Statements" rows={data.items} columns={columnsOf(application)} rowKey={(s) => `${s.tier.id} ${s.text}`} defaultSort="-total_ms" sortParam="statement-sort" />
          ) : (
            <Empty title="No call to it in the traces that were looked at">All traces are kept for 24 h, snapshots for longer; choose a range within it in which it was called.</Empty>
          )
        }
      </Loaded>
    </Card>
  )
}
