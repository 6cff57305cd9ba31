import { useElementSize } from '@mantine/hooks'
import { useMemo } from 'react'
import type { AnomalyModel } from '../../api/types'
import { shownIn } from '../../format/units'
import styles from './AnomalyModel.module.css'
import { profileOf } from './season'

const HEIGHT = 150

/** What is expected at each hour of the day, or of the week, with the band of what is usual. */
export function SeasonProfile({ model, chosenHour }: { model: AnomalyModel; chosenHour: number | null }) {
  const { ref, width } = useElementSize<HTMLDivElement>()
  const { season, unit } = model
  const profile = useMemo(() => profileOf(season, width, HEIGHT), [season, width])
  const [least, most] = [Math.min(...season.map((one) => one.expected)), Math.max(...season.map((one) => one.expected))]
  const label = season.length > 24 ? 'Profile of the week' : 'Profile of the day'
  return (
    <div ref={ref} className={styles.profile}>
      {profile && (
        <svg width={width} height={HEIGHT} role="img" aria-label={`${label}: expected from ${shownIn(unit, least)} to ${shownIn(unit, most)}`}>
          {profile.values.map(({ y, value }) => (
            <g key={value} className={styles.grid}>
              <line x1={62} x2={width} y1={y} y2={y} />
              <text x={56} y={y + 4} textAnchor="end">
                {shownIn(unit, value)}
              </text>
            </g>
          ))}
          {chosenHour !== null && <rect className={styles.chosenHour} x={profile.edge(chosenHour)} width={Math.max(2, profile.width)} y={6} height={HEIGHT - 26} />}
          <path className={styles.band} d={profile.band} />
          <path className={styles.line} d={profile.line} />
          {profile.hours.map(({ x, label: hour }) => (
            <text key={hour} x={x} y={HEIGHT - 5}>
              {hour}
            </text>
          ))}
        </svg>
      )}
    </div>
  )
}
