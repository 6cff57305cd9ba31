import styles from './states.module.css'

/** As many as it takes to stand for what is about to be there: a bar is 22 pixels high with its gap, and all have 22 around them. */
const BARS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n']

export function Loading({ what, lines = 5 }: { what: string; lines?: number }) {
  return (
    <div className={styles.loading} role="status" data-state="loading">
      {BARS.slice(0, lines).map((bar) => (
        <div key={bar} className={styles.bar} />
      ))}
      <span className="sr-only">Loading {what}</span>
    </div>
  )
}
