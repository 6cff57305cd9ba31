import { Copy } from '../../components/copy/Copy'
import styles from './ApiDocs.module.css'

/** A text as it is written, to be copied. */
export function Code({ text, label }: { text: string; label: string }) {
  return (
    <div className={styles.code}>
      <pre>{text}</pre>
      <Copy text={text} label={label} />
    </div>
  )
}
