import { IconCircleDashed, IconTrendingUp, IconTrendingUp3 } from '@tabler/icons-react'
import type { Deviation } from '../../api/types'
import styles from './baseline.module.css'
import { deviationText, stateText, type State } from './state'

const LABELS: Record<State, string> = { no_baseline: 'no baseline yet', normal: 'as expected', warning: 'above its baseline', critical: 'far above its baseline' }

/** The sign that goes with a state's colour; what is normal has none. */
export function StateIcon({ state, size = 14, unknown = false }: { state: State | undefined; size?: number; unknown?: boolean }) {
  if (!state || state === 'normal' || (state === 'no_baseline' && !unknown)) return null
  const Icon = state === 'critical' ? IconTrendingUp3 : state === 'warning' ? IconTrendingUp : IconCircleDashed
  return <Icon size={size} stroke={2.4} className={styles.icon} data-state={state} role="img" aria-label={LABELS[state]} />
}

/** How something lies to its baseline: sign, word, and what was expected on hover. */
export function BaselineState({ deviation }: { deviation: Deviation | null }) {
  if (!deviation) return '–'
  return (
    <span className={styles.state} data-state={deviation.state} title={deviationText(deviation)}>
      <StateIcon state={deviation.state} unknown />
      {stateText(deviation)}
    </span>
  )
}
