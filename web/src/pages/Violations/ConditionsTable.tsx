import type { SeenCondition } from '../../api/types'
import admin from '../Administration/Administration.module.css'
import page from '../page.module.css'
import styles from './Violations.module.css'
import { expectedText, valueText } from './words'

/** Conditions as they were: what was measured, and what it would have had to be. */
export function ConditionsTable({ label, conditions }: { label: string; conditions: SeenCondition[] }) {
  return (
    <table className={`${admin.table} ${styles.table}`} aria-label={label}>
      <thead>
        <tr>
          <th scope="col">Condition</th>
          <th scope="col">Value</th>
          <th scope="col">Expected</th>
          <th scope="col">So it</th>
        </tr>
      </thead>
      <tbody>
        {conditions.map((condition) => (
          <tr key={condition.short_name}>
            <td>
              <b>{condition.short_name}</b> {condition.name}
              {condition.metric !== condition.name && <div className={page.muted}>{condition.metric}</div>}
            </td>
            <td>
              {valueText(condition)}
              {condition.minutes !== null && <div className={page.muted}>held in {condition.minutes} single minutes</div>}
            </td>
            <td>{expectedText(condition)}</td>
            <td className={condition.holds ? styles.holds : undefined}>{condition.holds === null ? 'cannot be told' : condition.holds ? 'holds' : 'does not hold'}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
