import { IconInbox } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import styles from './states.module.css'

/** Asked and answered: there is nothing. Says why and what to do. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className={styles.box} data-state="empty">
      <IconInbox size={28} stroke={1.4} aria-hidden />
      <h3>{title}</h3>
      {children && <p>{children}</p>}
    </div>
  )
}
