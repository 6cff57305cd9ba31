import { Button } from '@mantine/core'
import { IconRefresh } from '@tabler/icons-react'
import { useSampled } from '../../api/sampled'
import type { ErrorSample, ErrorSamples } from '../../api/types'
import { paths } from '../../app/paths'
import { Card } from '../../components/card/Card'
import { Copy } from '../../components/copy/Copy'
import { RangeLink } from '../../components/link/RangeLink'
import { Empty } from '../../components/states/Empty'
import { Loaded } from '../../components/states/Loaded'
import { plural } from '../../format/numbers'
import { exactMoment, moment } from '../../format/times'
import { useTimeRange } from '../../time/TimeRangeContext'
import page from '../page.module.css'
import styles from './Error.module.css'

const lookedAt = ({ traces, logs }: ErrorSamples) => [traces > 0 && plural(traces, 'trace'), logs > 0 && plural(logs, 'log record')].filter(Boolean).join(' and ') || 'nothing'

/** Stacks as agents sent them, each once, with a trace to open. */
export function ErrorSamplesCard({ application, id }: { application: number; id: number }) {
  const query = useSampled<ErrorSamples>(`/errors/${id}/samples`)
  return (
    <Card
      title="Stacks"
      note={query.data && `each once; looked at ${lookedAt(query.data)}, the newest of the tier’s failed ones`}
      actions={
        <Button variant="default" leftSection={<IconRefresh size={14} />} loading={query.isFetching} onClick={() => void query.refetch()}>
          Look again
        </Button>
      }
    >
      <Loaded query={query} what="the stacks" lines={6}>
        {(data: ErrorSamples) =>
          data.items.length ? (
            <ol className={styles.samples}>
              {data.items.map((sample) => (
                <Sample key={sample.stack + sample.message} application={application} sample={sample} />
              ))}
            </ol>
          ) : (
            <Empty title="None of what was looked at has it">Traces are kept for 24 h, snapshots for longer; choose a range in which it happened.</Empty>
          )
        }
      </Loaded>
    </Card>
  )
}

function Sample({ application, sample }: { application: number; sample: ErrorSample }) {
  const { now } = useTimeRange()
  return (
    <li>
      <header>
        <b>{sample.message || 'No message'}</b>
        <span className={page.muted}>
          {sample.seen === 1 ? 'once' : `${sample.seen} times`}, last <time title={exactMoment(sample.at)}>{moment(sample.at, now)}</time> on <RangeLink to={paths.node(application, sample.node.id)}>{sample.node.name}</RangeLink>
        </span>
        <span className={styles.actions}>
          {sample.stack && <Copy text={sample.stack} label="Copy the stack" />}
          {sample.trace_id && (
            <RangeLink to={paths.trace(sample.trace_id)} extra={{ span: sample.span_id }}>
              Open the trace
            </RangeLink>
          )}
        </span>
      </header>
      {sample.stack ? (
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls has to be reachable by keyboard
        <pre tabIndex={0} aria-label="Stack">
          {sample.stack}
        </pre>
      ) : (
        <p className={page.muted}>The agent sent no stack.</p>
      )}
    </li>
  )
}
