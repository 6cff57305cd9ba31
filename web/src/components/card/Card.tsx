import type { ReactNode } from 'react'
import styles from './Card.module.css'

interface Props {
  title?: string
  /** A short remark beside the title. */
  note?: ReactNode
  actions?: ReactNode
  children: ReactNode
  /** Fill the parent's height. */
  grow?: boolean
}

/** A surface with an optional head; everything on a page sits in one. */
export function Card({ title, note, actions, children, grow }: Props) {
  return (
    <section className={styles.card} data-grow={grow || undefined} aria-label={title}>
      {(title || actions) && (
        <header className={styles.head}>
          {title && <h2>{title}</h2>}
          {note && <span className={styles.note}>{note}</span>}
          <div className={styles.actions}>{actions}</div>
        </header>
      )}
      {children}
    </section>
  )
}
