import { TextInput } from '@mantine/core'
import styles from './ApiDocs.module.css'
import { typeName, type Parameter } from './document'
import { Prose } from './Prose'

interface Props {
  parameters: Parameter[]
  values: Record<string, string>
  onChange(name: string, value: string): void
  /** Values are for trying the request, which only reading ones offer. */
  editable: boolean
}

export function Parameters({ parameters, values, onChange, editable }: Props) {
  return (
    <table className={styles.table} aria-label="Parameters">
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col">In</th>
          <th scope="col">Type</th>
          <th scope="col">What it does</th>
          {editable && <th scope="col">Value</th>}
        </tr>
      </thead>
      <tbody>
        {parameters.map((parameter) => (
          <tr key={`${parameter.in}-${parameter.name}`}>
            <th scope="row">
              <code>{parameter.name}</code>
              {parameter.required && <small>required</small>}
            </th>
            <td>{parameter.in}</td>
            <td className={styles.type}>{typeName(parameter.schema ?? {})}</td>
            <td>
              <Prose text={parameter.description ?? parameter.schema?.description ?? ''} />
            </td>
            {editable && (
              <td>
                <TextInput size="xs" aria-label={`Value of ${parameter.name}`} value={values[parameter.name] ?? ''} onChange={(e) => onChange(parameter.name, e.currentTarget.value)} />
              </td>
            )}
          </tr>
        ))}
      </tbody>
    </table>
  )
}
