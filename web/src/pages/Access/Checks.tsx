import { Checkbox } from '@mantine/core'
import styles from './Access.module.css'

export interface Choice {
  id: number
  label: string
  description?: string
}

interface Props {
  legend: string
  choices: Choice[]
  chosen: number[]
  none: string
  onChange(chosen: number[]): void
}

/** Several of a list. */
export function Checks({ legend, choices, chosen, none, onChange }: Props) {
  const toggle = (id: number) => onChange(chosen.includes(id) ? chosen.filter((other) => other !== id) : [...chosen, id])
  return (
    <fieldset className={styles.checks}>
      <legend>{legend}</legend>
      {choices.length === 0 ? (
        <p className={styles.hint}>{none}</p>
      ) : (
        <div>
          {choices.map((choice) => (
            <Checkbox key={choice.id} size="xs" label={choice.label} title={choice.description} checked={chosen.includes(choice.id)} onChange={() => toggle(choice.id)} />
          ))}
        </div>
      )}
    </fieldset>
  )
}

/** The names of these ids, as tags. */
export function Names({ ids, of, none = 'none' }: { ids: number[]; of: { id: number; name: string }[] | undefined; none?: string }) {
  if (ids.length === 0) return <span className={styles.hint}>{none}</span>
  return (
    <span className={styles.tags}>
      {ids.map((id) => (
        <span key={id} className={styles.tag}>
          {of?.find((one) => one.id === id)?.name ?? `id ${id}`}
        </span>
      ))}
    </span>
  )
}
