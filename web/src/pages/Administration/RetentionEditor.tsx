import { Button, NumberInput, Select } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useState } from 'react'
import type { Retention, RetentionLoss, Storage } from '../../api/types'
import { plural } from '../../format/numbers'
import { bytes, span } from '../../format/sizes'
import styles from './Administration.module.css'
import { useRetentionLoss, useSetRetention } from './queries'
import { amountOf, costOf, milliseconds, outlookOf, problemOf, type Unit } from './retention'

const UNITS = [
  { value: 'hours', label: 'hours' },
  { value: 'days', label: 'days' },
]

interface Props {
  storage: Storage
  retention: Retention
  onDone(): void
}

/** A retention while it is chosen: what it will take, whether the disk has room, what a shorter one deletes. */
export function RetentionEditor({ storage, retention, onDone }: Props) {
  const now = amountOf(retention.ms)
  const [amount, setAmount] = useState<number | string>(now.amount)
  const [unit, setUnit] = useState<Unit>(now.unit)
  const problem = problemOf(amount, unit)
  const ms = problem === null ? milliseconds(Number(amount), unit) : retention.ms
  const [asked] = useDebouncedValue(ms, 300)
  const loss = useRetentionLoss(retention.setting, asked, asked < retention.ms)
  const set = useSetRetention()
  const settled = asked === ms
  const lost = ms < retention.ms && settled ? loss.data : undefined
  const deletes = (lost?.tables.length ?? 0) > 0
  const put = (wanted: number | null, confirmed: boolean) => set.mutate({ setting: retention.setting, ms: wanted, confirmed }, { onSuccess: onDone })
  return (
    <form
      className={styles.editor}
      onSubmit={(event) => {
        event.preventDefault()
        put(ms, deletes)
      }}
    >
      <div className={styles.amount}>
        <NumberInput label="Keep for" value={amount} onChange={setAmount} min={1} allowNegative={false} clampBehavior="none" decimalScale={2} error={problem} data-autofocus />
        <Select aria-label="Unit" data={UNITS} value={unit} allowDeselect={false} onChange={(value) => setUnit(value === 'hours' ? 'hours' : 'days')} />
      </div>
      <Outlook storage={storage} setting={retention.setting} ms={ms} />
      {ms < retention.ms && !settled && <p className={styles.remark}>Looking at what would go …</p>}
      {loss.error && <p role="alert">{loss.error.message}</p>}
      {lost && <Losses loss={lost} />}
      {set.error && <p role="alert">{set.error.message}</p>}
      <div className={styles.buttons}>
        <Button type="submit" color={deletes ? 'red.9' : undefined} disabled={problem !== null || ms === retention.ms || (ms < retention.ms && !lost)} loading={set.isPending}>
          {deletes ? `Delete ${bytes(lost?.bytes ?? 0)} and keep for ${span(ms)}` : `Keep for ${span(ms)}`}
        </Button>
        {retention.changed && retention.configured_ms >= retention.ms && (
          <Button variant="default" disabled={set.isPending} onClick={() => put(null, false)}>
            As configured ({span(retention.configured_ms)})
          </Button>
        )}
        <Button variant="subtle" onClick={onDone}>
          Cancel
        </Button>
      </div>
    </form>
  )
}

function Outlook({ storage, setting, ms }: { storage: Storage; setting: string; ms: number }) {
  const { bytes: taken, expected } = costOf(storage, setting, ms)
  const { more, room, told } = outlookOf(storage, setting, ms)
  if (!told || expected === null) return <p className={styles.remark}>What it will take is told after ten minutes of data.</p>
  return (
    <p className={more <= room ? styles.remark : styles.warning} role={more <= room ? undefined : 'alert'}>
      It takes {bytes(taken)} now and, by the last 24 hours, will take {bytes(expected)}. {more <= room ? `With all else the disk has room: ${bytes(more)} more of ${bytes(room)}.` : `With all else that does not fit: ${bytes(more)} more are wanted and there are ${bytes(room)}; the oldest data would go before their time.`}
    </p>
  )
}

function Losses({ loss }: { loss: RetentionLoss }) {
  if (loss.tables.length === 0) return <p className={styles.remark}>Nothing that is stored is so old: nothing is deleted now.</p>
  return (
    <div className={styles.warning} role="alert">
      <b>This deletes data for good, within seconds:</b>
      <ul>
        {loss.tables.map((table) => (
          <li key={table.table}>
            {table.table}: {plural(table.rows, 'row')}, {bytes(table.bytes)}
          </li>
        ))}
      </ul>
    </div>
  )
}
