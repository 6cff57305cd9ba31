import { Tabs } from '@mantine/core'
import { useMemo } from 'react'
import { useTraceLogs } from '../../api/queries'
import type { Trace } from '../../api/types'
import { useUrlState } from '../../app/urlState'
import { Card } from '../../components/card/Card'
import { CriticalPath } from './CriticalPath'
import { FlameView } from './FlameView'
import { tierColours } from './model/colours'
import { SpanDetails } from './SpanDetails'
import styles from './Trace.module.css'
import { TraceHead } from './TraceHead'
import { TraceLogs } from './TraceLogs'
import { TraceMap } from './TraceMap'
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
            <Tabs.Tab value="flame">Flame</Tabs.Tab>
            <Tabs.Tab value="path">Critical path</Tabs.Tab>
            <Tabs.Tab value="map">Flow map</Tabs.Tab>
            <Tabs.Tab value="logs">Logs{logs.data ? ` (${logs.data.items.length})` : ''}</Tabs.Tab>
          </Tabs.List>
        </Tabs>
        {tab === 'logs' ? (
          <TraceLogs query={logs} trace={trace} onSpan={setSelected} />
        ) : (
          <div className={styles.body}>
            <View tab={tab} trace={trace} colours={colours} selected={selected || null} onSelect={setSelected} />
            {span && <SpanDetails span={span} trace={trace} logs={logs.data?.items ?? []} onClose={() => setSelected(null)} />}
          </div>
        )}
      </Card>
    </>
  )
}

interface ViewProps {
  tab: string
  trace: Trace
  colours: ReadonlyMap<number, string>
  selected: string | null
  onSelect(spanId: string): void
}

function View({ tab, trace, colours, selected, onSelect }: ViewProps) {
  if (tab === 'flame') return <FlameView trace={trace} colours={colours} onSelect={onSelect} />
  if (tab === 'path') return <CriticalPath trace={trace} colours={colours} onSpan={onSelect} />
  if (tab === 'map') return <TraceMap trace={trace} />
  return <Waterfall trace={trace} colours={colours} selected={selected} onSelect={onSelect} />
}
