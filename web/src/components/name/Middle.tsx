import { tailOf } from '../../format/names'
import styles from './Middle.module.css'

interface Props {
  text: string
  /** The full text on hover, when it is not the text. */
  title?: string
}

/** A text that loses its middle, not its end, where there is no room; whole on hover. */
export function Middle({ text, title = text }: Props) {
  const tail = tailOf(text)
  return (
    <span className={styles.middle} title={title}>
      <span>{text.slice(0, text.length - tail.length)}</span>
      {tail && <span>{tail}</span>}
    </span>
  )
}
