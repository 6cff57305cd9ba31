import { Select } from '@mantine/core'
import { useMay } from '../../access/may'
import type { BusinessTransactionDetail } from '../../api/types'
import { putBackground, useChange } from '../BusinessTransactions/queries'
import styles from './BusinessTransaction.module.css'

const CHOICES = [
  { value: 'auto', label: 'Key figures: by its kind' },
  { value: 'no', label: 'Key figures: counts (a user waits)' },
  { value: 'yes', label: 'Key figures: leave out (background)' },
]
const MARKS: Record<string, boolean | null> = { auto: null, no: false, yes: true }
const choiceOf = (marked: boolean | null) => (marked === null ? 'auto' : marked ? 'yes' : 'no')

/** Whether a business transaction is background work: its kind tells, or an operator does. */
export function BackgroundSelect({ bt }: { bt: BusinessTransactionDetail }) {
  const mayChange = useMay()('configure', bt.application.id)
  const mark = useChange((marked: boolean | null) => putBackground(bt.id, marked))
  return (
    <Select
      className={styles.longLived}
      size="xs"
      aria-label="Whether it counts in the application's key figures"
      title="Background work is out of the application's key figures. A change holds at once, for figures of any time."
      data={CHOICES}
      allowDeselect={false}
      value={choiceOf(mark.isPending ? mark.variables : bt.background_marked)}
      disabled={mark.isPending || !mayChange}
      error={mark.error?.message}
      onChange={(choice) => choice && mark.mutate(MARKS[choice] ?? null)}
    />
  )
}
