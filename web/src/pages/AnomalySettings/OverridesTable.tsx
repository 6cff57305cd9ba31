import { Button, NativeSelect, Select, Switch } from '@mantine/core'
import { useBusinessTransactions } from '../../api/queries'
import type { AnomalySensitivity, TransactionSettings } from '../../api/types'
import { paths } from '../../app/paths'
import { RangeLink } from '../../components/link/RangeLink'
import admin from '../Administration/Administration.module.css'
import styles from '../HealthRules/HealthRules.module.css'
import { SENSITIVITIES, SENSITIVITY_WORDS, withOverride, type Draft } from './draft'

const SHORT = SENSITIVITIES.map(({ value }) => ({ value, label: SENSITIVITY_WORDS[value] }))

/** Business transactions of which people want to hear more or less than of the others. */
export function OverridesTable({ application, draft, onChange }: { application: number; draft: Draft; onChange(transactions: TransactionSettings[]): void }) {
  const bts = useBusinessTransactions(application)
  const names = new Map(bts.data?.items.map((bt) => [bt.id, bt.name]))
  const { transactions } = draft
  const taken = new Set(transactions.map((one) => one.id))
  const free = (bts.data?.items ?? []).filter((bt) => !taken.has(bt.id)).map((bt) => ({ value: String(bt.id), label: bt.name }))
  const change = (id: number, part: Partial<Omit<TransactionSettings, 'id'>> | null) => onChange(withOverride(transactions, id, part))
  return (
    <fieldset>
      <legend>Business transactions that are watched otherwise</legend>
      {transactions.length > 0 && (
        <table className={admin.table} aria-label="Business transactions that are watched otherwise">
          <thead>
            <tr>
              <th scope="col">Business transaction</th>
              <th scope="col">Watched</th>
              <th scope="col">Sensitivity</th>
              <th scope="col">Change</th>
            </tr>
          </thead>
          <tbody>
            {transactions.map(({ id, enabled, sensitivity }) => {
              const name = names.get(id) ?? `no. ${id}`
              return (
                <tr key={id}>
                  <td>
                    <RangeLink to={paths.businessTransaction(application, id)}>{name}</RangeLink>
                  </td>
                  <td>
                    <Switch aria-label={`${name} is watched`} checked={enabled} onChange={(e) => change(id, { enabled: e.currentTarget.checked })} />
                  </td>
                  <td>
                    <NativeSelect size="xs" aria-label={`Sensitivity of ${name}`} data={SHORT} value={sensitivity} disabled={!enabled} onChange={(e) => change(id, { sensitivity: e.currentTarget.value as AnomalySensitivity })} />
                  </td>
                  <td>
                    <Button variant="default" size="compact-xs" aria-label={`Watch ${name} like the others`} onClick={() => change(id, null)}>
                      Like the others
                    </Button>
                  </td>
                </tr>
              )
            })}
          </tbody>
        </table>
      )}
      <Select className={styles.stack} mt={8} maw={360} label="Add one" placeholder={transactions.length ? undefined : 'All are watched alike'} searchable data={free} value={null} limit={100} nothingFoundMessage="No such business transaction" onChange={(id) => id !== null && change(Number(id), { sensitivity: draft.sensitivity })} />
    </fieldset>
  )
}
