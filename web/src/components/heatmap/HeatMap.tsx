import { useComputedColorScheme } from '@mantine/core'
import { useElementSize } from '@mantine/hooks'
import { useEffect, useMemo, useRef, useState, type PointerEvent } from 'react'
import { useNavigate } from 'react-router'
import type { ResponseTimes } from '../../api/types'
import { count, plural, responseTime } from '../../format/numbers'
import { minuteOf } from '../../format/times'
import { EventMarks } from '../chart/EventMarks'
import { draw } from './draw'
import styles from './HeatMap.module.css'
import { areaOf, factsOf, mostCalls, placeAt, type CellFacts, type Place } from './model'

interface Props {
  map: ResponseTimes
  /** Where the calls of a cell are listed; without it cells lead nowhere. */
  linkOf?(cell: CellFacts): string
  height?: number
}

const NOBODY: Place = { column: -1, row: -1 }

/** How many calls took how long, and when. What it shows is also in a table (CellsTable), which the keyboard reaches. */
export function HeatMap({ map, linkOf, height = 236 }: Props) {
  const { ref: box, width } = useElementSize<HTMLDivElement>()
  const canvas = useRef<HTMLCanvasElement>(null)
  const [at, setAt] = useState<Place | null>(null)
  const navigate = useNavigate()
  const scheme = useComputedColorScheme('light')
  const area = useMemo(() => areaOf(width, height), [width, height])
  const byPlace = useMemo(() => new Map(map.cells.map((cell) => [`${cell.column}:${cell.row}`, cell])), [map])
  const plot = useMemo(() => {
    const [first, last] = [map.columns[0], map.columns.at(-1)]
    return first && last && width > 40 ? { ...area, from: first.at / 1000, to: last.at / 1000 + map.minutes_per_column * 60 } : null
  }, [map, area, width])
  const { column, row } = at ?? NOBODY
  const cell = byPlace.get(`${column}:${row}`)
  const facts = cell ? factsOf(map, cell) : null

  useEffect(() => {
    const element = canvas.current
    if (element && width > 40) draw(element, width, height, { map, area, marked: cell ?? null, scheme })
    // oxlint-disable-next-line react/exhaustive-deps -- the canvas is the same one for good
  }, [map, area, width, height, cell, scheme])

  const follow = (event: PointerEvent<HTMLCanvasElement>) => {
    const bounds = event.currentTarget.getBoundingClientRect()
    setAt(placeAt(map, area, event.clientX - bounds.left, event.clientY - bounds.top))
  }
  return (
    <figure className={styles.figure} aria-label={describe(map)}>
      <figcaption className={styles.head}>
        <span className={styles.key}>
          <i data-line="p95" /> 95th percentile
        </span>
        <span className={styles.key}>
          <i data-line="p50" /> median
        </span>
        <span className={styles.key}>
          1 call <i data-line="scale" /> {plural(mostCalls(map.cells), 'call')}
        </span>
        <output className={styles.told}>{facts ? cellText(facts) : linkOf ? 'Choose a cell to see its traces' : ''}</output>
      </figcaption>
      <div ref={box} className={styles.plot}>
        {/* oxlint-disable-next-line jsx-a11y/click-events-have-key-events -- the table beside it has the same links */}
        <canvas ref={canvas} className={styles.canvas} style={{ height }} data-link={(facts && linkOf) || undefined} onPointerMove={follow} onPointerLeave={() => setAt(null)} onClick={() => facts && linkOf && void navigate(linkOf(facts))} />
        {plot && <EventMarks plot={plot} />}
      </div>
    </figure>
  )
}

export function cellText(cell: CellFacts): string {
  return `${count(cell.calls)} ${cell.calls === 1 ? 'call' : 'calls'} of ${responseTime(cell.minMs)} to ${responseTime(cell.maxMs)} from ${minuteOf(cell.from)}`
}

function describe(map: ResponseTimes): string {
  const { p50_ms, p95_ms, p99_ms } = map.percentiles
  return `Response times over time: median ${responseTime(p50_ms)}, 95th percentile ${responseTime(p95_ms)}, 99th ${responseTime(p99_ms)}`
}
