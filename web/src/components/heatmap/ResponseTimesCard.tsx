import { SegmentedControl } from '@mantine/core'
import { useTelemetry } from '../../api/queries'
import type { ResponseTimes } from '../../api/types'
import { useUrlState } from '../../app/urlState'
import { exact, responseTime } from '../../format/numbers'
import { Card } from '../card/Card'
import { Figure } from '../figures/FigureStrip'
import figures from '../figures/figures.module.css'
import { Empty } from '../states/Empty'
import { Loaded } from '../states/Loaded'
import { CellsTable } from './CellsTable'
import { HeatMap } from './HeatMap'
import type { CellFacts } from './model'

const VIEWS = [
  { value: 'map', label: 'Heat map' },
  { value: 'table', label: 'Table' },
]

const PERCENTILES = [
  ['p50_ms', 'Median'],
  ['p75_ms', '75th percentile'],
  ['p90_ms', '90th percentile'],
  ['p95_ms', '95th percentile'],
  ['p99_ms', '99th percentile'],
] as const

interface Props {
  kind: 'business-transactions' | 'tiers' | 'backends'
  id: number
  linkOf?(cell: CellFacts): string
}

/** Percentiles and the heat map of response times of anything that is measured by calls. */
export function ResponseTimesCard({ kind, id, linkOf }: Props) {
  const query = useTelemetry<ResponseTimes>(`/${kind}/${id}/histogram`)
  const [view, setView] = useUrlState('times', 'map')
  return (
    <Card title="Response times" note={query.data && `a column is ${query.data.minutes_per_column} min; rows are equal steps of a logarithm`} actions={<SegmentedControl aria-label="Show response times as" data={VIEWS} value={view} onChange={setView} />}>
      <Loaded query={query} what="the response times" lines={14}>
        {(map: ResponseTimes) =>
          map.cells.length === 0 ? (
            <Empty title="No response time in this range">Calls that last (sockets, streams) have none.</Empty>
          ) : (
            <>
              <dl className={figures.strip} aria-label="Percentiles">
                {PERCENTILES.map(([key, label]) => (
                  <Figure key={key} label={label} title={exact(map.percentiles[key], 'ms')}>
                    {responseTime(map.percentiles[key])}
                  </Figure>
                ))}
              </dl>
              {view === 'table' ? <CellsTable map={map} linkOf={linkOf} /> : <HeatMap map={map} linkOf={linkOf} />}
            </>
          )
        }
      </Loaded>
    </Card>
  )
}
