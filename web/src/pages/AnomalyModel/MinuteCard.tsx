import { Button } from '@mantine/core'
import type { AnomalyModel, ModelPoint } from '../../api/types'
import { rangeText, STATE_WORDS } from '../../components/anomaly/words'
import { Card } from '../../components/card/Card'
import { exactIn, shownIn } from '../../format/units'
import { minuteOf } from '../../format/times'
import { Facts } from '../EntityHead'
import styles from './AnomalyModel.module.css'
import { rarityText } from './season'

interface Props {
  model: AnomalyModel
  /** The chosen one's place among the model's points. */
  place: number
  onChoose(place: number): void
}

const isAnomalous = ({ state }: ModelPoint) => state === 'WARNING' || state === 'CRITICAL'

/** One minute: what was measured, what would have been usual, and why it is or is not anomalous. */
export function MinuteCard({ model, place, onChoose }: Props) {
  const { points, unit } = model
  const point = points[place]
  if (!point) return null
  const before = points.findLastIndex((one, at) => at < place && isAnomalous(one))
  const after = points.findIndex((one, at) => at > place && isAnomalous(one))
  const tidy = (value: number) => Number(value.toPrecision(3))
  return (
    <Card
      title="Why"
      note={minuteOf(point.at)}
      actions={
        <>
          <Button variant="default" size="compact-xs" disabled={before < 0} onClick={() => onChoose(before)}>
            Anomalous before
          </Button>
          <Button variant="default" size="compact-xs" disabled={after < 0} onClick={() => onChoose(after)}>
            Anomalous after
          </Button>
        </>
      }
    >
      <label className={styles.slider}>
        Minute
        <input type="range" min={0} max={points.length - 1} value={place} aria-valuetext={`${minuteOf(point.at)}, ${STATE_WORDS[point.state]}`} onChange={(e) => onChoose(Number(e.currentTarget.value))} />
      </label>
      <p className={styles.why} data-state={point.state} aria-live="polite">
        <b>{STATE_WORDS[point.state].charAt(0).toUpperCase() + STATE_WORDS[point.state].slice(1)}.</b> {point.why}
      </p>
      <Facts
        facts={[
          ['Measured', point.value === null ? 'nothing' : shownIn(unit, point.value), exactIn(unit, point.value)],
          ['Usual', point.high === null ? 'not known yet' : point.low === null ? `up to ${shownIn(unit, tidy(point.high))}` : rangeText(point.low, point.high, unit), 'between these a minute is no warning by itself'],
          ['Expected', point.expected === null ? null : shownIn(unit, tidy(point.expected)), 'at that hour, with that load'],
          ['Of it by load', point.by_load === 0 ? null : shownIn(unit, tidy(point.by_load)), 'what the calls of that minute add to what is expected'],
          ['Usual deviation', point.usual === 0 ? null : shownIn(unit, tidy(point.usual)), 'the mean deviation at that hour'],
          ['Seldom', point.rarity <= 0 ? null : `as far from it ${rarityText(point.rarity)}`, 'how seldom this series deviates as far'],
        ]}
      />
    </Card>
  )
}
