import { ActionIcon, Button, Menu } from '@mantine/core'
import { IconX } from '@tabler/icons-react'
import { RuleLink } from '../../components/health/RuleLink'
import { thresholdOf } from '../../components/health/suggestion'
import { exactMoment, minuteOf, timeOf } from '../../format/times'
import { aboutOfPath } from '../HealthRules/model/metrics'
import { colourOf } from './MetricChart'
import styles from './Metrics.module.css'
import { SEPARATOR, statisticsOf, type Drawn, type Selection } from './model/series'
import { exactIn, shownIn, unitName } from '../../format/units'
import type { Chosen } from './useSelection'

/** What else can be drawn beside a series. */
export interface Further {
  path: string
  name: string
}

interface Props {
  /** Whose metric paths these are; series as they were sent have none, and no rules. */
  application?: number
  selection: Selection
  chosen: Chosen
  /** The slot under the pointer. */
  hovered: number | null
  /** What the earlier range is called; null when none is compared. */
  comparedWith: string | null
  more(path: string): Further[]
  onStrong(path: string | null): void
}

/** The chart's legend with exact numbers: under the pointer, and over the complete points of the range. */
export function SeriesTable({ application, selection, chosen, hovered, comparedWith, more, onStrong }: Props) {
  const { grid, series } = selection
  const at = hovered === null ? undefined : grid.at[hovered]
  return (
    <div className={styles.tableBox}>
      <table className={styles.table} aria-label="Series">
        <thead>
          <tr>
            <th scope="col" className={styles.first}>
              Series
            </th>
            <th scope="col" className={styles.pointer}>
              {at === undefined ? 'At the pointer' : grid.minutesPerPoint < 1 ? timeOf(at * 1000) : minuteOf(at * 1000)}
            </th>
            <th scope="col">Min</th>
            <th scope="col" className={styles.average}>
              Average
              {comparedWith && <small>was: {comparedWith}</small>}
            </th>
            <th scope="col">Max</th>
            <th scope="col">Last</th>
            <th scope="col" className={styles.last}>
              <span className="sr-only">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {series.map((s, i) => (
            <Row key={s.path} application={application} series={s} index={i} selection={selection} chosen={chosen} hovered={hovered} more={more} onStrong={onStrong} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

interface RowProps {
  /** Whose metric paths these are; series as they were sent have none, and no rules. */
  application?: number
  series: Drawn
  index: number
  selection: Selection
  chosen: Chosen
  hovered: number | null
  more(path: string): Further[]
  onStrong(path: string | null): void
}

function Row({ application, series, index, selection, chosen, hovered, more, onStrong }: RowProps) {
  const { path, label, unit, points, earlier } = series
  const found = statisticsOf(selection.grid, points)
  const before = earlier && statisticsOf(selection.grid, earlier)
  const value = (number: number | undefined, title?: string) => (
    <td title={number === undefined ? 'no data in this range' : (title ?? exactIn(unit, number))}>{shownIn(unit, number ?? null)}</td>
  )
  const further = more(path)
  const isDrawn = selection.units.includes(unit)
  const axis = !isDrawn ? 'not drawn' : selection.units.length < 2 ? '' : unit === selection.units[0] ? 'left axis' : 'right axis'
  const parts = label.split(SEPARATOR)
  const [name, above] = [parts.at(-1), parts.slice(0, -1).join(SEPARATOR)]
  return (
    <tr onPointerEnter={() => onStrong(path)} onPointerLeave={() => onStrong(null)} onFocus={() => onStrong(path)} onBlur={() => onStrong(null)}>
      <th scope="row" title={path}>
        <i className={styles.swatch} style={{ background: `var(${colourOf(index)})` }} data-hollow={!isDrawn || undefined} />
        {name}
        <small>{[unitName(unit), axis, above].filter(Boolean).join(' · ')}</small>
      </th>
      <td className={styles.pointer}>{hovered === null ? '' : <AtPointer unit={unit} now={points[hovered]?.value ?? null} earlier={earlier ? (earlier[hovered]?.value ?? null) : undefined} />}</td>
      {value(found?.min)}
      <td title={`${exactIn(unit, found?.average ?? null)}${earlier ? `; was ${exactIn(unit, before?.average ?? null)}` : ''}`}>
        {shownIn(unit, found?.average ?? null)}
        {earlier && <small>was {shownIn(unit, before?.average ?? null)}</small>}
      </td>
      {value(found?.max)}
      {value(found?.last, found ? `${exactIn(unit, found.last)} at ${exactMoment(found.lastAt)}` : undefined)}
      <td>
        <div className={styles.rowActions}>
          {further.length === 1 && further[0] && <AddOne further={further[0]} label={label} chosen={chosen} />}
          {further.length > 1 && <AddSome further={further} label={label} chosen={chosen} />}
          {application !== undefined && <RuleLink application={application} what={label} about={{ ...aboutOfPath(path), baseline: false, value: thresholdOf(points.map((p) => p?.value ?? null)) }} />}
          {chosen.paths.includes(path) && (
            <ActionIcon variant="subtle" color="gray" size="sm" aria-label={`Remove ${label}`} onClick={() => chosen.toggle(path)}>
              <IconX size={14} />
            </ActionIcon>
          )}
        </div>
      </td>
    </tr>
  )
}

function AddOne({ further, label, chosen }: { further: Further; label: string; chosen: Chosen }) {
  return (
    <Button variant="subtle" size="compact-xs" disabled={chosen.full} aria-label={`Add the ${further.name} of ${label}`} title={`Add the ${further.name}`} onClick={() => chosen.toggle(further.path)}>
      + {further.name.replace(' percentile', '')}
    </Button>
  )
}

function AddSome({ further, label, chosen }: { further: Further[]; label: string; chosen: Chosen }) {
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button variant="subtle" size="compact-xs" disabled={chosen.full} aria-label={`Add more of ${label}`}>
          + more
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {further.map(({ path, name }) => (
          <Menu.Item key={path} onClick={() => chosen.toggle(path)}>
            {name}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}

/** All digits; with the earlier range's value behind it, where there is one. */
function AtPointer({ unit, now, earlier }: { unit: string; now: number | null; earlier: number | null | undefined }) {
  return (
    <>
      <b>{exactIn(unit, now)}</b>
      {earlier !== undefined && <small> was {exactIn(unit, earlier)}</small>}
    </>
  )
}
