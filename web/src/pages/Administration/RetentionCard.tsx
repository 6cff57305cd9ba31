import { Button } from '@mantine/core'
import type { Retention, Storage } from '../../api/types'
import { useUrlState } from '../../app/urlState'
import { Card } from '../../components/card/Card'
import { DataTable, type Column } from '../../components/table/DataTable'
import { exact } from '../../format/numbers'
import { bytes, span } from '../../format/sizes'
import styles from './Administration.module.css'
import { costOf } from './retention'
import { RetentionEditor } from './RetentionEditor'

/** How long what is kept, what that costs, and a way to change it. */
export function RetentionCard({ storage }: { storage: Storage }) {
  const [edited, setEdited] = useUrlState('change')
  const retention = storage.retentions.find((one) => one.setting === edited)
  return (
    <Card title="How long data are kept" note="a change holds at once, without a restart">
      <DataTable label="Retentions" rows={storage.retentions} columns={columnsOf(storage, setEdited)} rowKey={(r) => r.setting} defaultSort="" sortParam="kept" />
      {retention && (
        <section className={styles.edited} aria-label={`Change ${retention.setting}`}>
          <h3>{retention.what}</h3>
          <RetentionEditor key={retention.setting} storage={storage} retention={retention} onDone={() => setEdited(null)} />
        </section>
      )}
    </Card>
  )
}

function columnsOf(storage: Storage, onEdit: (setting: string) => void): Column<Retention>[] {
  const cost = (r: Retention) => costOf(storage, r.setting, r.ms)
  const size = (value: number | null) => <span title={exact(value, 'bytes')}>{bytes(value)}</span>
  return [
    {
      key: 'what',
      label: 'What',
      value: (r) => r.what,
      render: (r) => (
        <span className={styles.what}>
          <b>{r.what}</b>
          <small>{r.setting}</small>
        </span>
      ),
    },
    {
      key: 'ms',
      label: 'Kept for',
      value: (r) => r.ms,
      render: (r) => (
        <span className={styles.what}>
          <b>{span(r.ms)}</b>
          <small>{r.changed ? `set here; configured: ${span(r.configured_ms)}` : 'as configured'}</small>
        </span>
      ),
    },
    { key: 'bytes', label: 'Takes now', numeric: true, value: (r) => cost(r).bytes, render: (r) => size(cost(r).bytes) },
    { key: 'expected', label: 'Will take', numeric: true, value: (r) => cost(r).expected ?? -1, render: (r) => size(cost(r).expected) },
    {
      key: 'change',
      label: '',
      render: (r) => (
        <Button variant="default" size="compact-xs" aria-label={`Change ${r.setting}`} onClick={() => onEdit(r.setting)}>
          Change
        </Button>
      ),
    },
  ]
}
