import { Button, Select } from '@mantine/core'
import { IconDownload } from '@tabler/icons-react'
import { useMemo } from 'react'
import { useUrlState } from '../../app/urlState'
import { BaselineSelect } from '../../components/baseline/BaselineSelect'
import { Card } from '../../components/card/Card'
import { Empty } from '../../components/states/Empty'
import { Failed } from '../../components/states/Failed'
import { Loading } from '../../components/states/Loading'
import { plural } from '../../format/numbers'
import { useTimeRange } from '../../time/TimeRangeContext'
import { saveText } from './saveText'
import { CopyLink } from './CopyLink'
import { Drawing } from './Drawing'
import styles from './Metrics.module.css'
import { csvOf } from './model/csv'
import { MAX_SERIES, percentileOf, selectionOf, type Selection } from './model/series'
import { useMetricData } from './queries'
import type { Chosen } from './useSelection'

const HOUR = 3_600_000
const EARLIER: Record<string, { label: string; ms: number }> = {
  hour: { label: 'an hour earlier', ms: HOUR },
  day: { label: 'a day earlier', ms: 24 * HOUR },
  week: { label: 'a week earlier', ms: 168 * HOUR },
}
const CHOICES = [{ value: 'none', label: 'Compare with …' }, ...Object.entries(EARLIER).map(([value, { label }]) => ({ value, label: `… ${label}` }))]

/** The chart of the chosen metrics with its table. */
export function SelectedMetrics({ application, chosen }: { application: number; chosen: Chosen }) {
  const [compare, setCompare] = useUrlState('compare', 'none')
  const earlier = EARLIER[compare] ?? null
  const { window } = useTimeRange()
  const asked = useMetricData(application, chosen.paths)
  const before = useMetricData(application, earlier ? chosen.paths : [], earlier?.ms)
  const selection = useMemo(
    () => selectionOf(asked.map((a) => a.data), before.map((b) => b.data), earlier?.ms ?? 0, window),
    [asked, before, earlier, window],
  )
  const failed = [...asked, ...before].findIndex((a) => a.error)
  const error = [...asked, ...before][failed]?.error
  const loading = asked.some((a) => a.loading)
  const actions = (
    <>
      <BaselineSelect application={application} />
      <Select aria-label="Compare with an earlier range" w={170} data={CHOICES} value={compare} allowDeselect={false} onChange={setCompare} />
      <Button variant="default" leftSection={<IconDownload size={14} />} disabled={selection.series.length === 0} onClick={() => saveText(`metrics-${new Date(window.from).toISOString()}.csv`, 'text/csv', csvOf(selection, earlier?.label ?? null))}>
        CSV
      </Button>
      <CopyLink />
      <Button variant="subtle" disabled={chosen.paths.length === 0} onClick={chosen.clear}>
        Clear
      </Button>
    </>
  )
  return (
    <Card title="Chart" note={chosen.paths.length ? `${plural(chosen.paths.length, 'metric')} of at most ${MAX_SERIES}` : undefined} actions={actions} grow>
      {chosen.paths.length === 0 && <Empty title="Choose metrics from the tree, or search for some">Up to eight on one chart, of two different units. The address of this page keeps what you choose.</Empty>}
      {error && <Failed what={chosen.paths[failed % chosen.paths.length] ?? 'the metrics'} error={error} />}
      {loading && selection.series.length === 0 && <Loading what="the metrics" />}
      {chosen.paths.length > 0 && !loading && <Missing paths={chosen.paths} selection={selection} failed={failed >= 0} chosen={chosen} />}
      {selection.series.length > 0 && <Drawing application={application} selection={selection} chosen={chosen} comparedWith={earlier?.label ?? null} more={(path) => percentiles(path, chosen.paths)} />}
    </Card>
  )
}

/** The 95th percentile beside an average that is shown without it. */
function percentiles(path: string, taken: string[]) {
  const percentile = percentileOf(path)
  return percentile && !taken.includes(percentile) ? [{ path: percentile, name: '95th percentile' }] : []
}

/** Chosen paths at which there is no metric: of an old link, say. */
function Missing({ paths, selection, failed, chosen }: { paths: string[]; selection: Selection; failed: boolean; chosen: Chosen }) {
  const missing = failed ? [] : paths.filter((path) => !path.includes('*') && !selection.series.some((s) => s.path === path))
  if (missing.length === 0) return null
  return (
    <ul className={styles.missing}>
      {missing.map((path) => (
        <li key={path}>
          There is no metric at <code>{path}</code> in this range.
          <Button variant="subtle" size="compact-xs" onClick={() => chosen.toggle(path)}>
            Remove
          </Button>
        </li>
      ))}
    </ul>
  )
}

