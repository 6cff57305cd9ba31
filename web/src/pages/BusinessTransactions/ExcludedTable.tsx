import { Button } from '@mantine/core'
import { useMemo } from 'react'
import { useMay } from '../../access/may'
import type { BusinessTransaction, Page } from '../../api/types'
import { paths } from '../../app/paths'
import { RangeLink } from '../../components/link/RangeLink'
import { EntryTypeIcon } from '../../components/EntityIcon'
import { Empty } from '../../components/states/Empty'
import { Loaded } from '../../components/states/Loaded'
import { DataTable, type Column } from '../../components/table/DataTable'
import page from '../page.module.css'
import { putExclusion, useChange, useExcluded } from './queries'

/** Business transactions that operators do not want; each can be restored. */
export function ExcludedTable({ application }: { application: number }) {
  const query = useExcluded(application)
  const mayRestore = useMay()('configure', application)
  const columns = useMemo(() => columnsOf(application, mayRestore), [application, mayRestore])
  return (
    <Loaded query={query} what="the excluded business transactions">
      {({ items }: Page<BusinessTransaction>) =>
        items.length ? (
          <DataTable label="Excluded business transactions" rows={items} columns={columns} rowKey={(bt) => bt.id} defaultSort="name" sortParam="excluded-sort" />
        ) : (
          <Empty title="Nothing is excluded">Tick business transactions that nobody wants to see and choose “Exclude”.</Empty>
        )
      }
    </Loaded>
  )
}

function columnsOf(application: number, mayRestore: boolean): Column<BusinessTransaction>[] {
  return [
    {
      key: 'name',
      label: 'Business transaction',
      value: (bt) => bt.name,
      render: (bt) => (
        <span className={page.name}>
          <EntryTypeIcon type={bt.entry_type} />
          <RangeLink to={paths.businessTransaction(application, bt.id)}>{bt.name}</RangeLink>
        </span>
      ),
    },
    { key: 'tier', label: 'Tier', value: (bt) => bt.tier.name, render: (bt) => bt.tier.name },
    ...(mayRestore ? [{ key: 'restore', label: 'Wanted again', render: (bt: BusinessTransaction) => <Restore bt={bt} /> }] : []),
  ]
}

export function Restore({ bt }: { bt: BusinessTransaction }) {
  const restore = useChange(() => putExclusion(bt.id, false))
  return (
    <span className={page.name}>
      <Button size="compact-xs" variant="light" loading={restore.isPending} onClick={() => restore.mutate(undefined)} aria-label={`Restore ${bt.name}`}>
        Restore
      </Button>
      <span className={page.muted} role={restore.error ? 'alert' : undefined}>
        {restore.error?.message ?? ''}
      </span>
    </span>
  )
}
