import { useState } from 'react'
import { plural } from '../../format/numbers'
import { MetricChart } from './MetricChart'
import styles from './Metrics.module.css'
import { MAX_SERIES, type Selection } from './model/series'
import { unitName } from '../../format/units'
import { SeriesTable, type Further } from './SeriesTable'
import type { Chosen } from './useSelection'

interface Props {
  /** Present where series are metric paths. */
  application?: number
  selection: Selection
  chosen: Chosen
  comparedWith: string | null
  more(path: string): Further[]
}

/** The chart of what was chosen, its table, and what had no place on it. */
export function Drawing({ application, selection, chosen, comparedWith, more }: Props) {
  const [hovered, setHovered] = useState<number | null>(null)
  const [strong, setStrong] = useState<string | null>(null)
  const { unitsLeftOut, units, beyond } = selection
  return (
    <div className={styles.body}>
      {unitsLeftOut.length > 0 && (
        <p className={styles.said} role="status">
          A chart has two axes, {units.map(unitName).join(' and ')}: series in {unitsLeftOut.map(unitName).join(' and ')} are in the table and not drawn. Remove all series of one unit to draw them.
        </p>
      )}
      {beyond > 0 && (
        <p className={styles.said} role="status">
          The chosen paths match {plural(beyond, 'further metric')}, which are left out: a chart shows {MAX_SERIES}.
        </p>
      )}
      <MetricChart selection={selection} strong={strong} onHover={setHovered} />
      <SeriesTable application={application} selection={selection} chosen={chosen} hovered={hovered} more={more} comparedWith={comparedWith} onStrong={setStrong} />
    </div>
  )
}

