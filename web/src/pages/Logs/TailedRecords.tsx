import { Button } from '@mantine/core'
import { IconPlayerPause, IconPlayerPlay } from '@tabler/icons-react'
import { useState } from 'react'
import { Card } from '../../components/card/Card'
import { Empty } from '../../components/states/Empty'
import { StaleNotice } from '../../components/states/Notices'
import { count, plural } from '../../format/numbers'
import { useTimeRange } from '../../time/TimeRangeContext'
import { LogList } from './LogList'
import styles from './Logs.module.css'
import { MAX_HELD } from './model/tail'
import { useTail } from './queries'
import type { FilterState } from './useLogFilter'

/** Records as they come in, the newest on top. */
export function TailedRecords({ state }: { state: FilterState }) {
  const [paused, setPaused] = useState(false)
  const { now } = useTimeRange()
  const { tail, error } = useTail(state.filter, true, paused)
  const { records, gaps, dropped } = tail
  return (
    <Card
      title="Live tail"
      note={`the last minute and what comes in: ${plural(records.length, 'record')}${paused ? ', paused' : ''}`}
      actions={
        <Button variant="default" leftSection={paused ? <IconPlayerPlay size={14} /> : <IconPlayerPause size={14} />} onClick={() => setPaused(!paused)}>
          {paused ? 'Go on' : 'Pause'}
        </Button>
      }
      grow
    >
      {error && <StaleNotice error={error} since={tail.polledTo ?? now} />}
      {(gaps > 0 || dropped > 0) && (
        <p className={styles.said} role="status">
          {gaps > 0 && `Records were skipped ${plural(gaps, 'time')}: more came than could be fetched, or the tail was paused for over a minute. `}
          {dropped > 0 && `${count(dropped)} older ones are no longer here: ${count(MAX_HELD)} are held. `}
          The stored records have all.
        </p>
      )}
      {records.length ? <LogList records={records} now={now} state={state} /> : <Empty title={paused ? 'Paused' : 'Waiting for records'}>What matches the filters appears here within seconds of its arrival.</Empty>}
    </Card>
  )
}
