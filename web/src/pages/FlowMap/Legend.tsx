import { IconAlertOctagonFilled, IconAlertTriangleFilled, IconArrowBarToRight, IconTrendingUp, IconTrendingUp3 } from '@tabler/icons-react'
import { CRITICAL_PERCENT, WARNING_PERCENT } from '../../format/severity'
import styles from './Legend.module.css'

/** What the map's signs mean, in one line below it. */
export function Legend({ grouped }: { grouped: boolean }) {
  return (
    <div className={styles.legend} role="note" aria-label="Legend">
      <Item label="load">
        <svg width="34" height="12" aria-hidden>
          <line x1="0" y1="6" x2="14" y2="6" stroke="var(--v-edge)" strokeWidth="1.25" />
          <line x1="18" y1="6" x2="34" y2="6" stroke="var(--v-edge)" strokeWidth="5" />
        </svg>
      </Item>
      <Item label={`≥ ${WARNING_PERCENT} % errors, or 2 σ above its baseline`}>
        <Line colour="var(--v-warn-fill)" dash="9 4" />
        <IconAlertTriangleFilled size={12} color="var(--v-warn)" />
        <IconTrendingUp size={13} stroke={2.4} color="var(--v-warn)" />
      </Item>
      <Item label={`≥ ${CRITICAL_PERCENT} % errors, or 3 σ`}>
        <Line colour="var(--v-crit-fill)" dash="3 3" />
        <IconAlertOctagonFilled size={12} color="var(--v-crit)" />
        <IconTrendingUp3 size={13} stroke={2.4} color="var(--v-crit)" />
      </Item>
      <Item label="waits">
        <Arrow />
      </Item>
      <Item label="asynchronous">
        <Arrow open />
      </Item>
      <Item label="transactions enter">
        <span className={styles.entry}>
          <IconArrowBarToRight size={10} stroke={2.4} />
        </span>
      </Item>
      <Item label="tier">
        <i className={styles.tier} />
      </Item>
      <Item label="database">
        <i className={styles.database} />
      </Item>
      <Item label="host, cache">
        <i className={styles.host} />
      </Item>
      <Item label="queue">
        <i className={styles.queue} />
      </Item>
      {grouped && (
        <Item label="group: double-click opens">
          <i className={styles.group} />
        </Item>
      )}
    </div>
  )
}

function Item({ label, children }: { label: string; children: React.ReactNode }) {
  return (
    <span className={styles.item}>
      {children}
      {label}
    </span>
  )
}

function Line({ colour, dash }: { colour: string; dash: string }) {
  return (
    <svg width="30" height="8" aria-hidden>
      <line x1="0" y1="4" x2="30" y2="4" stroke={colour} strokeWidth="2.5" strokeDasharray={dash} />
    </svg>
  )
}

function Arrow({ open }: { open?: boolean }) {
  return (
    <svg width="22" height="10" aria-hidden>
      <line x1="0" y1="5" x2="14" y2="5" stroke="var(--v-edge)" strokeWidth="1.5" />
      <path d="M14 1L21 5L14 9" fill={open ? 'none' : 'var(--v-edge)'} stroke="var(--v-edge)" strokeWidth="1.4" />
    </svg>
  )
}
