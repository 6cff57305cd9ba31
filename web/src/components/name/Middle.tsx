import { tailOf } from '../../format/names'
import styles from './Middle.module.css'

/** Letters at the beginning that stay, the sign for what is left out among them; most letters are narrower than the 0 that `ch` is of. */
const LEAST = 4
const NARROW = 0.8

interface Props {
  text: string
  /** The full text on hover, when it is not the text. */
  title?: string
}

/** A text that loses its middle, not its end, where there is no room; whole on hover. */
export function Middle({ text, title = text }: Props) {
  const tail = tailOf(text)
  const head = text.slice(0, text.length - tail.length)
  return (
    <span className={styles.middle} title={title}>
      <span style={{ minWidth: `${Math.min(LEAST, head.length) * NARROW}ch` }}>{head}</span>
      {tail && <span>{tail}</span>}
    </span>
  )
}
