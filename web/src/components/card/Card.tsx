import type { ReactNode } from 'react'
import styles from './Card.module.css'

interface Props {
  title?: string
  /** The title's level; 1 where it is the page's own. */
  level?: 1 | 2
  /** A short remark beside the title. */
  note?: ReactNode
  actions?: ReactNode
  children: ReactNode
  /** Fill the parent's height. */
  grow?: boolean
}

/** A surface with an optional head; everything on a page sits in one. */
export function Card({ title, level = 2, note, actions, children, grow }: Props) {
  const Title = `h${level}` as const
  return (
    <section className={styles.card} data-grow={grow || undefined} aria-label={title}>
      {(title || actions) && (
        <header className={styles.head}>
          {title && <Title>{title}</Title>}
          {note && <span className={styles.note}>{note}</span>}
          <div className={styles.actions}>{actions}</div>
        </header>
      )}
      {children}
    </section>
  )
}
