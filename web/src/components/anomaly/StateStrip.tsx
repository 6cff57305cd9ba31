import { minuteOf } from '../../format/times'
import styles from './anomaly.module.css'
import type { StateRun } from './series'
import { STATE_WORDS } from './words'

/** The states that a series went through, below its chart and on the same axis. Each is told by its word too. */
export function StateStrip({ runs }: { runs: readonly StateRun[] }) {
  const from = runs[0]?.from ?? 0
  const whole = Math.max(1, (runs.at(-1)?.to ?? 0) - from)
  const said = runs.map((run) => `${STATE_WORDS[run.state]} from ${minuteOf(run.from)}`).join(', ')
  return (
    <svg className={styles.strip} height={15} role="img" aria-label={`States: ${said}`}>
      {runs.map((run) => {
        const share = (100 * (run.to - run.from)) / whole
        return (
          <svg key={run.from} x={`${(100 * (run.from - from)) / whole}%`} width={`${share}%`} height={15} data-state={run.state}>
            <rect width="100%" height={15}>
              <title>{`${STATE_WORDS[run.state]}, ${minuteOf(run.from)} to ${minuteOf(run.to)}`}</title>
            </rect>
            {share > 13 && (
              <text x={5} y={11}>
                {STATE_WORDS[run.state]}
              </text>
            )}
          </svg>
        )
      })}
    </svg>
  )
}
