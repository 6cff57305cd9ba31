import { Button } from '@mantine/core'
import { IconDownload } from '@tabler/icons-react'
import { useMemo } from 'react'
import type { RawSeries } from '../../../api/types'
import { Card } from '../../../components/card/Card'
import { Empty } from '../../../components/states/Empty'
import { Loaded } from '../../../components/states/Loaded'
import { milliseconds, plural } from '../../../format/numbers'
import { useTimeRange } from '../../../time/TimeRangeContext'
import { CopyLink } from '../CopyLink'
import styles from '../Metrics.module.css'
import { csvOf } from '../model/csv'
import { choiceOf, keyOf, partName, partsOf, rawSelection } from '../model/raw'
import { MAX_SERIES, type Selection } from '../model/series'
import { saveText } from '../saveText'
import { Drawing } from '../Drawing'
import { useRawPoints } from './queries'
import type { RawState } from './useRawState'

const NONE: RawSeries = { items: [], step_ms: null, partial: null }

/** The chart of the chosen raw series with its table. */
export function RawSelected({ state }: { state: RawState }) {
  const { chosen, choices } = state
  const { window } = useTimeRange()
  const ids = [...new Set(choices.map((choice) => choice.id))]
  const query = useRawPoints(ids)
  const raw = ids.length > 0 ? (query.data ?? NONE) : NONE
  const keys = chosen.paths.join(',')
  const selection = useMemo(() => rawSelection(keys.split(',').flatMap((key) => choiceOf(key) ?? []), raw, window), [keys, raw, window])
  const actions = (
    <>
      <Button variant="default" leftSection={<IconDownload size={14} />} disabled={selection.series.length === 0} onClick={() => saveText(`series-${new Date(window.from).toISOString()}.csv`, 'text/csv', csvOf(named(selection), null))}>
        CSV
      </Button>
      <CopyLink />
      <Button variant="subtle" disabled={chosen.paths.length === 0} onClick={chosen.clear}>
        Clear
      </Button>
    </>
  )
  return (
    <Card title="Chart" note={chosen.paths.length ? `${plural(chosen.paths.length, 'line')} of at most ${MAX_SERIES}` : undefined} actions={actions} grow>
      {chosen.paths.length === 0 ? (
        <Empty title="Choose series from the list">Names, attributes and units stand as agents send them. A counter is drawn by what it grows by a second, a histogram by its percentiles; each can be changed below the chart.</Empty>
      ) : (
        <Loaded query={query} what="the series" lines={6}>
          {() => (
            <>
              {raw.step_ms !== null && <p className={styles.said}>Each point stands for {milliseconds(raw.step_ms)}: a shorter range shows every sample.</p>}
              <Gone state={state} raw={raw} />
              {selection.series.length > 0 && <Drawing selection={selection} chosen={chosen} comparedWith={null} more={(key) => furtherParts(key, raw, chosen.paths)} />}
            </>
          )}
        </Loaded>
      )}
    </Card>
  )
}

/** In a file a series stands with all that tells it apart. */
const named = (selection: Selection): Selection => ({ ...selection, series: selection.series.map((s) => ({ ...s, path: s.label })) })

/** What else can be drawn of a series. */
function furtherParts(key: string, raw: RawSeries, taken: string[]) {
  const choice = choiceOf(key)
  const series = raw.items.find((item) => item.series.id === choice?.id)?.series
  if (!choice || !series) return []
  return partsOf(series)
    .map((part) => ({ path: keyOf({ id: choice.id, part }), name: partName(part) || 'as sent' }))
    .filter(({ path }) => !taken.includes(path))
}

/** Chosen series that did not report on the days of the range. */
function Gone({ state, raw }: { state: RawState; raw: RawSeries }) {
  const gone = state.choices.filter((choice) => !raw.items.some((item) => item.series.id === choice.id))
  if (gone.length === 0) return null
  return (
    <ul className={styles.missing}>
      {gone.map((choice) => (
        <li key={keyOf(choice)}>
          The series <code>{choice.id}</code> did not report in this range.
          <Button variant="subtle" size="compact-xs" onClick={() => state.chosen.toggle(keyOf(choice))}>
            Remove
          </Button>
        </li>
      ))}
    </ul>
  )
}
