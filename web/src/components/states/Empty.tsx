import { IconInbox } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import styles from './states.module.css'

/** Asked and answered: there is nothing. Says why and what to do. */
export function Empty({ title, level = 3, children }: { title: string; level?: 1 | 3; children?: ReactNode }) {
  const Title = `h${level}` as const
  return (
    <div className={styles.box} data-state="empty">
      <IconInbox size={28} stroke={1.4} aria-hidden />
      <Title>{title}</Title>
      {children && <p>{children}</p>}
    </div>
  )
}
