import { IconStack2 } from '@tabler/icons-react'
import type { BusinessTransaction, TransactionGroup } from '../../api/types'
import { paths } from '../../app/paths'
import { EntryTypeIcon } from '../../components/EntityIcon'
import { figureColumns } from '../../components/figures/columns'
import { told } from '../../components/figures/told'
import { healthColumn } from '../../components/health/column'
import type { HealthOf } from '../../components/health/queries'
import { RangeLink } from '../../components/link/RangeLink'
import { Sparkline } from '../../components/sparkline/Sparkline'
import type { Column } from '../../components/table/DataTable'
import { count, exact, NONE, plural, short } from '../../format/numbers'
import page from '../page.module.css'
import styles from './BusinessTransactions.module.css'
import { nameOf, type Row } from './model'

export function tagsOf(bt: BusinessTransaction): string[] {
  return [bt.background && !bt.health_check && 'background', bt.health_check && 'health check', bt.other_traffic && 'other traffic', bt.long_lived && 'long-lived', bt.excluded && 'excluded'].filter((tag) => tag !== false)
}

interface Ticking {
  ticked: ReadonlySet<number>
  tick(id: number): void
}

/** Rows of business transactions and of groups. Without ticking there is nothing to tick. */
export function rowColumns(application: number, healthOf: HealthOf, ticking: Ticking | null): Column<Row>[] {
  const figuresOf = (row: Row) => (row.kind === 'bt' ? told(row.bt) : row.group.figures)
  const slowOf = (row: Row) => {
    const f = figuresOf(row)
    return f && f.slow + f.very_slow + f.stall
  }
  const columns: Column<Row>[] = [
    { key: 'name', label: 'Business transaction', value: nameOf, render: (row) => (row.kind === 'bt' ? <BtName application={application} bt={row.bt} /> : <GroupName application={application} group={row.group} />) },
    healthColumn<Row>(healthOf, (row) => (row.kind === 'bt' ? row.bt.id : null), nameOf, application),
    { key: 'tier', label: 'Tier', value: (row) => (row.kind === 'bt' ? row.bt.tier.name : ''), render: (row) => (row.kind === 'bt' ? row.bt.tier.name : '') },
    { key: 'trend', label: 'Calls over time', width: '130px', render: (row) => <Sparkline values={row.kind === 'bt' ? row.bt.sparkline : row.group.sparkline} label="Calls per minute" /> },
    ...figureColumns<Row>(figuresOf).map((column) => (column.key === 'average_ms' ? timeColumn(application, column) : column)),
    {
      key: 'slow',
      label: 'Slow',
      numeric: true,
      value: slowOf,
      render: (row) => {
        const f = figuresOf(row)
        return f ? <span title={`${count(f.slow)} slow, ${count(f.very_slow)} very slow, ${count(f.stall)} stalled`}>{short(slowOf(row))}</span> : NONE
      },
    },
  ]
  return ticking ? [tickColumn(ticking), ...columns] : columns
}

/** The response time leads to where it goes: the operations below. */
function timeColumn(application: number, column: Column<Row>): Column<Row> {
  return {
    ...column,
    render: (row) =>
      row.kind === 'bt' && told(row.bt)?.average_ms ? (
        <RangeLink to={paths.businessTransaction(application, row.bt.id)} extra={{ tab: 'operations' }} aria-label={`Where the time goes: ${row.bt.name}, ${exact(row.bt.figures.average_ms, 'ms')}`} title={`${exact(row.bt.figures.average_ms, 'ms')}: where the time goes`} onClick={(event) => event.stopPropagation()}>
          {column.render(row)}
        </RangeLink>
      ) : (
        column.render(row)
      ),
  }
}

function tickColumn({ ticked, tick }: Ticking): Column<Row> {
  return {
    key: 'tick',
    label: '',
    width: '30px',
    render: (row) =>
      row.kind === 'bt' && <input type="checkbox" className={styles.tick} aria-label={`Tick ${row.bt.name}`} checked={ticked.has(row.bt.id)} onClick={(event) => event.stopPropagation()} onChange={() => tick(row.bt.id)} />,
  }
}

function BtName({ application, bt }: { application: number; bt: BusinessTransaction }) {
  return (
    <span className={page.name}>
      <EntryTypeIcon type={bt.entry_type} />
      <RangeLink to={paths.businessTransaction(application, bt.id)}>{bt.name}</RangeLink>
      {[...tagsOf(bt), ...(bt.group ? [bt.group.name] : [])].map((tag) => (
        <span key={tag} className={page.tag}>
          {tag}
        </span>
      ))}
    </span>
  )
}

function GroupName({ application, group }: { application: number; group: TransactionGroup }) {
  return (
    <span className={page.name}>
      <IconStack2 size={15} stroke={1.7} aria-label="Group" role="img" />
      <RangeLink to={paths.transactionGroup(application, group.id)}>{group.name}</RangeLink>
      <span className={page.tag}>{plural(group.business_transactions.length, 'transaction')}</span>
    </span>
  )
}
