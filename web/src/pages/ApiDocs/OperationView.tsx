import { useState } from 'react'
import { Card } from '../../components/card/Card'
import { Copy } from '../../components/copy/Copy'
import styles from './ApiDocs.module.css'
import { Code } from './Code'
import { curlOf, objectWithin, sample, typeName, type ApiDocument, type Operation } from './document'
import { Fields } from './Fields'
import { Method } from './Method'
import { Parameters } from './Parameters'
import { Prose } from './Prose'
import { Try } from './Try'

/** All about one operation. */
export function OperationView({ document, operation }: { document: ApiDocument; operation: Operation }) {
  const [values, setValues] = useState<Record<string, string>>({})
  return (
    <article className={styles.operation} aria-label={`${operation.method} ${operation.path}`}>
      <header>
        <h2>
          <Method method={operation.method} /> <code>{operation.path}</code> <Copy text={operation.path} label="Copy the path" />
        </h2>
        <p>
          <Prose text={[operation.summary, operation.description].filter(Boolean).join(' ')} />
          {operation.isPublic && ' Anybody may ask, without signing in.'}
        </p>
      </header>
      {operation.parameters.length > 0 && (
        <Card title="Parameters">
          <Parameters parameters={operation.parameters} values={values} onChange={(name, value) => setValues({ ...values, [name]: value })} editable={operation.method === 'GET'} />
        </Card>
      )}
      {operation.body && (
        <Card title="Body" note={operation.body.type}>
          <div className={styles.inside}>
            <Fields document={document} schema={operation.body.schema} />
            <Code text={JSON.stringify(operation.body.example, null, 2)} label="Copy the example" />
          </div>
        </Card>
      )}
      <Card title="Request">
        <div className={styles.inside}>
          <Code text={curlOf(operation, window.location.origin, values)} label="Copy the request" />
          {operation.method === 'GET' && <Try operation={operation} values={values} />}
        </div>
      </Card>
      <Responses document={document} operation={operation} />
    </article>
  )
}

function Responses({ document, operation }: { document: ApiDocument; operation: Operation }) {
  const isGood = (status: string) => status.startsWith('2')
  const good = operation.responses.filter((response) => isGood(response.status))
  const refusals = operation.responses.filter((response) => !isGood(response.status))
  return (
    <>
      {good.map(({ status, description, type, schema }) => (
        <Card key={status} title={`Answer ${status}`} note={schema ? typeName(schema) : type}>
          <div className={styles.inside}>
            {description && (
              <p className={styles.note}>
                <Prose text={description} />
              </p>
            )}
            {schema && objectWithin(document, schema) && <Fields document={document} schema={schema} />}
            {schema && objectWithin(document, schema) && (
              <details className={styles.example}>
                <summary>Example</summary>
                <Code text={JSON.stringify(sample(document, schema), null, 2)} label="Copy the example" />
              </details>
            )}
          </div>
        </Card>
      ))}
      <Card title="Refusals">
        <table className={styles.table} aria-label="Refusals">
          <tbody>
            {refusals.map((response) => (
              <tr key={response.status}>
                <th scope="row">{response.status}</th>
                <td>
                  <Prose text={response.description} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Card>
    </>
  )
}
