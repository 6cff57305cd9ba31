import { useState } from 'react'
import styles from './ApiDocs.module.css'
import { fieldsOf, type ApiDocument, type Field, type Schema } from './document'
import { Prose } from './Prose'

/** Deeper than this nothing is opened: a schema may hold itself. */
const DEEPEST = 6

/** The fields of an object, each with those below it on demand. */
export function Fields({ document, schema, depth = 0 }: { document: ApiDocument; schema: Schema; depth?: number }) {
  return (
    <ul className={styles.fields}>
      {fieldsOf(document, schema).map((field) => (
        <FieldView key={field.name} document={document} field={field} depth={depth} />
      ))}
    </ul>
  )
}

function FieldView({ document, field, depth }: { document: ApiDocument; field: Field; depth: number }) {
  const [open, setOpen] = useState(false)
  const inner = depth < DEEPEST ? field.inner : null
  return (
    <li>
      <code>{field.name}</code>
      <span className={styles.type}>
        {field.type}
        {!field.required && ', may be absent'}
      </span>
      {inner && (
        <button type="button" className={styles.open} aria-expanded={open} aria-label={`Fields of ${field.name}`} onClick={() => setOpen(!open)}>
          {open ? 'less' : 'fields'}
        </button>
      )}
      {field.description && (
        <p>
          <Prose text={field.description} />
        </p>
      )}
      {inner && open && <Fields document={document} schema={inner} depth={depth + 1} />}
    </li>
  )
}
