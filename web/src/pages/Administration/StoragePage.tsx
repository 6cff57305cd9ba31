import type { Storage, TableUsage } from '../../api/types'
import { Card } from '../../components/card/Card'
import { Loaded } from '../../components/states/Loaded'
import { DataTable, type Column } from '../../components/table/DataTable'
import { count, exact } from '../../format/numbers'
import { bytes, span } from '../../format/sizes'
import { ago, exactMoment } from '../../format/times'
import { serverNow } from '../../time/clock'
import page from '../page.module.css'
import styles from './Administration.module.css'
import { Meter } from './Meter'
import { useStorage } from './queries'
import { outlookOf } from './retention'
import { RetentionCard } from './RetentionCard'

const sum = (tables: TableUsage[], value: (table: TableUsage) => number | null) => tables.reduce((total, table) => total + (value(table) ?? 0), 0)

/** What is stored, how long it is kept, and what that costs. */
export function StoragePage() {
  const query = useStorage()
  return (
    <div className={page.page}>
      <Loaded query={query} what="what is stored" lines={8}>
        {(data: Storage) => (
          <>
            <Card title="Disk" note={outlook(data)}>
              <div className={styles.meters}>
                <DiskMeter data={data} />
                <Meter
                  label="Journal: accepted, not in a table yet"
                  value={`${bytes(data.journal.bytes)} of ${bytes(data.journal.max_bytes)}`}
                  share={data.journal.bytes / data.journal.max_bytes}
                  remark={`${data.journal.setting}: at this size agents are told to come back later`}
                />
              </div>
            </Card>
            <RetentionCard storage={data} />
            <Card title="Tables" note={`${bytes(sum(data.tables, (t) => t.bytes))} in all; sizes as compressed on the disk`}>
              <DataTable label="Tables" rows={data.tables} columns={COLUMNS} rowKey={(t) => t.table} defaultSort="-bytes" />
              <p className={styles.remark}>
                “Expected” is what a table takes once it is as old as its retention, if it goes on growing as within the last 24 hours.
              </p>
            </Card>
          </>
        )}
      </Loaded>
    </div>
  )
}

/** Whether the retention fits on the disk. */
function outlook(storage: Storage): string {
  const { more, room, told } = outlookOf(storage, null, 0)
  if (!told) return 'what the retention will take is told after ten minutes of data'
  return more <= room ? `by the last 24 hours the retention fits: ${bytes(more)} more of ${bytes(room)} to be had` : `by the last 24 hours the retention does not fit: it wants ${bytes(more)} more, and there are ${bytes(room)}; the oldest data will go before their time`
}

function DiskMeter({ data: { disk, tables } }: { data: Storage }) {
  const used = disk.total_bytes - disk.free_bytes
  const dropped = disk.dropped_bytes > 0 ? ` ${bytes(disk.dropped_bytes)} went since the start.` : ''
  return (
    <Meter
      label="Disk of the data directory"
      value={`${bytes(disk.free_bytes)} free of ${bytes(disk.total_bytes)}`}
      share={used / disk.total_bytes}
      own={sum(tables, (t) => t.bytes) / disk.total_bytes}
      remark={`Below ${bytes(disk.make_room_below_bytes)} free the oldest data go before their time, below ${bytes(disk.refuse_below_bytes)} agents are told to come back later.${dropped}`}
    />
  )
}

const sizeOf = (value: number | null) => <span title={exact(value, 'bytes')}>{bytes(value)}</span>

const COLUMNS: Column<TableUsage>[] = [
  {
    key: 'table',
    label: 'Table',
    value: (t) => t.table,
    render: (t) => (
      <span className={styles.what}>
        <b>{t.table}</b>
        <small>{t.what}</small>
      </span>
    ),
  },
  { key: 'bytes', label: 'On the disk', numeric: true, value: (t) => t.bytes, render: (t) => sizeOf(t.bytes) },
  { key: 'rows', label: 'Rows', numeric: true, value: (t) => t.rows, render: (t) => count(t.rows) },
  { key: 'a_row', label: 'Bytes a row', numeric: true, value: (t) => (t.rows ? t.bytes / t.rows : 0), render: (t) => (t.rows ? (t.bytes / t.rows).toFixed(1) : '–') },
  { key: 'bytes_per_day', label: 'A day', numeric: true, value: (t) => t.bytes_per_day ?? -1, render: (t) => sizeOf(t.bytes_per_day) },
  { key: 'oldest', label: 'Oldest', value: (t) => t.oldest, render: (t) => (t.oldest === null ? '–' : <span title={exactMoment(t.oldest)}>{ago(t.oldest, serverNow())}</span>) },
  {
    key: 'retention_ms',
    label: 'Kept for',
    value: (t) => t.retention_ms,
    render: (t) => (
      <span className={styles.what}>
        {span(t.retention_ms)}
        <small>{t.setting}</small>
      </span>
    ),
  },
  { key: 'expected_bytes', label: 'Expected', numeric: true, value: (t) => t.expected_bytes ?? -1, render: (t) => sizeOf(t.expected_bytes) },
]
