import { Tabs } from '@mantine/core'
import { useMemo } from 'react'
import { useTraceLogs } from '../../api/queries'
import type { Trace } from '../../api/types'
import { useUrlState } from '../../app/urlState'
import { Card } from '../../components/card/Card'
import { tierColours } from './model/colours'
import { SpanDetails } from './SpanDetails'
import styles from './Trace.module.css'
import { TraceHead } from './TraceHead'
import { TraceLogs } from './TraceLogs'
import { Waterfall } from './Waterfall'

export function TraceView({ trace }: { trace: Trace }) {
  const [tab, setTab] = useUrlState('tab', 'waterfall')
  const [selected, setSelected] = useUrlState('span')
  const logs = useTraceLogs(trace)
  const colours = useMemo(() => tierColours(trace.spans), [trace])
  const span = trace.spans.find((s) => s.span_id === selected) ?? null
  return (
    <>
      <TraceHead trace={trace} colours={colours} />
      <Card grow>
        <Tabs value={tab} onChange={setTab} className={styles.tabs}>
          <Tabs.List px="xs">
            <Tabs.Tab value="waterfall">Waterfall</Tabs.Tab>
            <Tabs.Tab value="logs">Logs{logs.data ? ` (${logs.data.items.length})` : ''}</Tabs.Tab>
          </Tabs.List>
        </Tabs>
        {tab === 'logs' ? (
          <TraceLogs
            query={logs}
            trace={trace}
            onSpan={(id) => {
              setSelected(id)
            }}
          />
        ) : (
          <div className={styles.body}>
            <Waterfall trace={trace} colours={colours} selected={selected || null} onSelect={setSelected} />
            {span && <SpanDetails span={span} trace={trace} logs={logs.data?.items ?? []} onClose={() => setSelected(null)} />}
          </div>
        )}
      </Card>
    </>
  )
}
