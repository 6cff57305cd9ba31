import { Button } from '@mantine/core'
import { IconRefresh } from '@tabler/icons-react'
import { useState } from 'react'
import type { LogRecord, Page } from '../../api/types'
import { Card } from '../../components/card/Card'
import { Empty } from '../../components/states/Empty'
import { Loaded } from '../../components/states/Loaded'
import { count } from '../../format/numbers'
import { timeOf } from '../../format/times'
import { useTimeRange } from '../../time/TimeRangeContext'
import { LogList } from './LogList'
import { useLogs } from './queries'
import type { FilterState } from './useLogFilter'

/** The records of the range as of when they were asked for: what somebody reads does not move. */
export function StoredRecords({ state }: { state: FilterState }) {
  const { key, window, now } = useTimeRange()
  const [asked, setAsked] = useState({ key, window, filter: state.filter, reading: false })
  // A new range or filter asks anew; so does time, until somebody scrolls, opens a record, or has come to one by keyboard.
  const isOther = asked.key !== key || asked.filter !== state.filter
  if (isOther || (!asked.reading && asked.window.to !== window.to)) setAsked({ key, window, filter: state.filter, reading: isOther ? false : asked.reading })
  const query = useLogs(state.filter, asked.window, true)
  const items = query.data?.items.length ?? 0
  const old = asked.reading && asked.window.to < window.to
  return (
    <Card
      title="Records"
      note={items > 0 ? `the newest ${count(items)}${query.hasNextPage ? ', more below' : ''}` : undefined}
      actions={
        old && (
          <Button variant="light" leftSection={<IconRefresh size={14} />} onClick={() => setAsked({ key, window, filter: state.filter, reading: false })}>
            As of {timeOf(asked.window.to)}: refresh
          </Button>
        )
      }
      grow
    >
      <Loaded query={query} what="the log records">
        {(data: Page<LogRecord>) =>
          data.items.length ? (
            <LogList
              key={`${key} ${JSON.stringify(state.filter)}`}
              records={data.items}
              now={now}
              state={state}
              rest={query}
              onRead={() => !asked.reading && setAsked({ ...asked, reading: true })}
            />
          ) : (
            <Empty title="No log record in this range">
              {query.hasNextPage ? <LookFurther query={query} /> : 'Another range or fewer filters may show some. Agents send logs when OTEL_LOGS_EXPORTER=otlp is set.'}
            </Empty>
          )
        }
      </Loaded>
    </Card>
  )
}

/** The server ends a page at the time down to which it could look at once. */
function LookFurther({ query }: { query: ReturnType<typeof useLogs> }) {
  return (
    <>
      None among the newest: there is more to look through.{' '}
      <Button variant="light" size="compact-sm" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
        Look further back
      </Button>
    </>
  )
}
