import { minuteOf } from '../../format/times'
import { timeZone } from '../../time/zone'
import styles from './Alerting.module.css'
import type { Suppression } from './types'

const NAMES = 180
const WIDTH = 1000
const ROW = 26
const HEAD = 22
const NAME_OF_DAY = new Intl.DateTimeFormat('en-GB', { timeZone, weekday: 'short', day: 'numeric', month: 'short' })

interface Props {
  rows: readonly Suppression[]
  /** When each of its days begins. */
  days: readonly number[]
  end: number
  now: number
}

/** One row a suppression, one bar for each time that it is on; the line is now. */
export function WindowsPicture({ rows, days, end, now }: Props) {
  const begin = days[0] ?? end
  const x = (at: number) => NAMES + ((at - begin) / (end - begin)) * (WIDTH - NAMES)
  const height = HEAD + rows.length * ROW
  const every = days.length > 10 ? 7 : 1
  const said = rows.map((row) => `${row.name}: ${row.stretches.map(({ from, to }) => `${minuteOf(from)} to ${minuteOf(to)}`).join(', ') || 'not in these days'}`).join('; ')
  return (
    <div className={styles.calendar}>
      <svg viewBox={`0 0 ${WIDTH} ${height}`} role="img" aria-label={`When suppressions are on. ${said}`}>
        {days.map((day, at) => (
          <g key={day}>
            <line x1={x(day)} x2={x(day)} y1={HEAD - 6} y2={height} />
            {at % every === 0 && (
              <text x={x(day) + 4} y={12}>
                {NAME_OF_DAY.format(day)}
              </text>
            )}
          </g>
        ))}
        {rows.map((row, at) => (
          <g key={row.id}>
            <text className={styles.name} x={0} y={HEAD + at * ROW + 17}>
              {row.name.length > 22 ? `${row.name.slice(0, 20)}…` : row.name}
            </text>
            {row.stretches.map(({ from, to }) => (
              <rect key={from} x={x(from)} y={HEAD + at * ROW + 5} width={Math.max(2, x(to) - x(from))} height={ROW - 10} rx={3} data-off={row.enabled ? undefined : true}>
                <title>
                  {row.name}: {minuteOf(from)} to {minuteOf(to)}
                </title>
              </rect>
            ))}
          </g>
        ))}
        {now >= begin && now < end && <line className={styles.now} x1={x(now)} x2={x(now)} y1={HEAD - 6} y2={height} />}
      </svg>
    </div>
  )
}
