import type { ReactNode } from 'react'
import styles from './EntityHead.module.css'

/** What an entity's page is headed by: its sign and name, then what is known of it in a line. */
export function EntityHead({ icon, name, children }: { icon: ReactNode; name: string; children?: ReactNode }) {
  return (
    <div className={styles.head}>
      {icon}
      <h1>{name}</h1>
      {children}
    </div>
  )
}

/** Facts in a line below the head; those without a value are left out. */
export function Facts({ facts }: { facts: [label: string, value: ReactNode, title?: string][] }) {
  return (
    <dl className={styles.facts}>
      {facts
        .filter(([, value]) => value !== null && value !== undefined && value !== '')
        .map(([label, value, title]) => (
          <div key={label} title={title}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  )
}
