import { IconAlertTriangleFilled, IconCircleCheckFilled } from '@tabler/icons-react'
import type { BackgroundTask, Health, Ref } from '../../api/types'
import { paths } from '../../app/paths'
import { useApplicationSeries } from '../../components/baseline/queries'
import { Card } from '../../components/card/Card'
import { OverTime } from '../../components/chart/OverTime'
import { RangeLink } from '../../components/link/RangeLink'
import { Empty } from '../../components/states/Empty'
import { Loaded } from '../../components/states/Loaded'
import { DataTable, type Column } from '../../components/table/DataTable'
import { count, milliseconds } from '../../format/numbers'
import { bytes, span } from '../../format/sizes'
import { ago, exactMoment } from '../../format/times'
import { serverNow } from '../../time/clock'
import page from '../page.module.css'
import styles from './Administration.module.css'
import { Meter } from './Meter'
import { useHealth } from './queries'

/** How Vedette itself is: it reports to itself, so its history is on the pages of an application. */
export function HealthPage() {
  const query = useHealth()
  return (
    <div className={page.page}>
      <Loaded query={query} what="the health of Vedette" lines={8}>
        {(health: Health) => (
          <>
            <Process health={health} />
            <Own application={health.application} />
            <Card title="Background work" note="each runs when its period is over; the next run is the retry">
              <DataTable label="Background work" rows={health.tasks} columns={TASKS} rowKey={(task) => task.name} defaultSort="name" />
            </Card>
          </>
        )}
      </Loaded>
    </div>
  )
}

function Process({ health }: { health: Health }) {
  const { memory } = health
  const Icon = health.ready ? IconCircleCheckFilled : IconAlertTriangleFilled
  const running = Math.max(1, (serverNow() - health.started_at) / 1000)
  return (
    <Card title={`Vedette ${health.version}`} note={`running since ${exactMoment(health.started_at)}`}>
      <div className={styles.meters}>
        <div className={styles.facts}>
          <span className={styles.state} data-level={health.ready ? 'ok' : 'near'}>
            <Icon size={15} aria-hidden /> {health.ready ? 'Takes data and answers' : 'Does not keep up'}
          </span>
          {health.reasons.map((reason) => (
            <p key={reason}>{reason}</p>
          ))}
          <p>
            {shareOf(health.cpu_seconds / running)} of a core on the average since the start ({count(Math.round(health.cpu_seconds))} s of processor time), {count(health.threads)} threads
          </p>
        </div>
        <Meter
          label="Memory"
          value={`${bytes(memory.resident_bytes)} of ${bytes(memory.limit_bytes)}`}
          share={memory.resident_bytes / memory.limit_bytes}
          remark={`Parts may take: ${memory.budgets.map((budget) => `${budget.part.replaceAll('_', ' ')} ${bytes(budget.bytes)}`).join(', ')}`}
        />
      </div>
    </Card>
  )
}

const shareOf = (cores: number) => `${(100 * cores).toFixed(cores < 0.1 ? 1 : 0)} %`

function Own({ application }: { application: Ref | null }) {
  if (application === null) {
    return (
      <Card title="Its requests">
        <Empty title="Vedette has not reported to itself yet">It does so a few seconds after its start, unless the setting self-monitoring is false.</Empty>
      </Card>
    )
  }
  return <OwnRequests application={application} />
}

function OwnRequests({ application }: { application: Ref }) {
  const series = useApplicationSeries(application.id)
  return (
    <OverTime
      title="Its requests"
      actions={
        <>
          <RangeLink to={paths.businessTransactions(application.id)}>By route</RangeLink>
          <RangeLink to={paths.application(application.id)}>The application {application.name}</RangeLink>
        </>
      }
      query={series}
      application={application.id}
    />
  )
}

const TASKS: Column<BackgroundTask>[] = [
  { key: 'name', label: 'Task', value: (t) => t.name, render: (t) => t.name },
  { key: 'period_ms', label: 'Every', value: (t) => t.period_ms, render: (t) => span(t.period_ms) },
  { key: 'runs', label: 'Runs', numeric: true, value: (t) => t.runs, render: (t) => count(t.runs) },
  { key: 'failures', label: 'Failed', numeric: true, value: (t) => t.failures, render: (t) => count(t.failures) },
  { key: 'last_start', label: 'Last run', value: (t) => t.last_start, render: (t) => (t.running ? 'now' : t.last_start === null ? '–' : ago(t.last_start, serverNow())) },
  { key: 'last_duration_ms', label: 'Took', numeric: true, value: (t) => t.last_duration_ms ?? -1, render: (t) => milliseconds(t.last_duration_ms) },
  {
    key: 'last_result',
    label: 'What it did',
    render: (t) => (
      <span className={styles.result} data-level={t.failed ? 'reached' : undefined} title={t.last_result ?? undefined}>
        {t.failed ? `Failed: ${t.last_result}` : (t.last_result ?? 'nothing to do')}
      </span>
    ),
  },
]
