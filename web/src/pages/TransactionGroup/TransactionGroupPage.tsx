import { ActionIcon, Button, Popover, TextInput } from '@mantine/core'
import { IconPencil, IconStack2 } from '@tabler/icons-react'
import { useMemo, useState } from 'react'
import { useNavigate } from 'react-router'
import { useMay } from '../../access/may'
import type { BusinessTransaction, TransactionGroupDetail } from '../../api/types'
import { paths } from '../../app/paths'
import { useHref, useUrlState } from '../../app/urlState'
import { useId } from '../../app/useId'
import { useTitle } from '../../app/useTitle'
import { Card } from '../../components/card/Card'
import { OverTime } from '../../components/chart/OverTime'
import { FigureStrip } from '../../components/figures/FigureStrip'
import { Empty } from '../../components/states/Empty'
import { useHealth } from '../../components/health/queries'
import { Loaded } from '../../components/states/Loaded'
import { DataTable } from '../../components/table/DataTable'
import { plural } from '../../format/numbers'
import { Sure } from '../Administration/Sure'
import { rowColumns } from '../BusinessTransactions/columns'
import { keyOf, type Row } from '../BusinessTransactions/model'
import { dissolveGroup, putGroup, useChange, useTransactionGroup, useTransactionGroupSeries } from '../BusinessTransactions/queries'
import { EntityHead } from '../EntityHead'
import { FlowMapPanel } from '../FlowMap/FlowMapPanel'
import page from '../page.module.css'
import styles from './TransactionGroup.module.css'

/** Several business transactions as one: their figures together, the members, what happens under all of them. */
export function TransactionGroupPage() {
  const application = useId('applicationId')
  const id = useId('groupId')
  const group = useTransactionGroup(application, id)
  const series = useTransactionGroupSeries(application, id)
  const [view, setView] = useUrlState('show', 'members')
  useTitle([group.data?.name, group.data?.application.name])
  return (
    <div className={page.page}>
      <Card>
        <Loaded query={group} what="the group" lines={3}>
          {(data: TransactionGroupDetail) => (
            <>
              <Head application={application} group={data} />
              <FigureStrip figures={data.figures} />
            </>
          )}
        </Loaded>
      </Card>
      <OverTime note="all members together; drag to zoom" query={series} />
      {group.data && (
        <Card title={view === 'map' ? 'What happens under its members' : 'Members'} actions={<Button variant="default" onClick={() => setView(view === 'map' ? null : 'map')}>{view === 'map' ? 'Members' : 'Flow map'}</Button>}>
          {view === 'map' ? (
            <div className={styles.map}>
              <FlowMapPanel application={application} part={{ group: id }} />
            </div>
          ) : (
            <Members application={application} group={group.data} />
          )}
        </Card>
      )}
    </div>
  )
}

function Head({ application, group }: { application: number; group: TransactionGroupDetail }) {
  const navigate = useNavigate()
  const href = useHref()
  const may = useMay()
  const dissolve = useChange(() => dissolveGroup(application, group.id))
  return (
    <EntityHead icon={<IconStack2 size={18} stroke={1.7} aria-hidden />} name={group.name}>
      {may('configure', application) && <Rename application={application} group={group} />}
      <span className={page.muted}>group of {plural(group.members.length, 'business transaction')}</span>
      {may('delete', application) && <Sure label={`Dissolve ${group.name}`} word="Dissolve" question="Its members stay as they were; their figures are no longer put together." busy={dissolve.isPending} problem={dissolve.error?.message} onSure={() => dissolve.mutate(undefined, { onSuccess: () => void navigate(href(paths.businessTransactions(application))) })} />}
    </EntityHead>
  )
}

function Rename({ application, group }: { application: number; group: TransactionGroupDetail }) {
  const [open, setOpen] = useState(false)
  const [name, setName] = useState(group.name)
  const rename = useChange(() => putGroup(application, { id: group.id, name: name.trim() }, group.members.map((bt) => bt.id)))
  return (
    <Popover opened={open} onChange={setOpen} width={260} trapFocus>
      <Popover.Target>
        <ActionIcon variant="subtle" color="gray" size="sm" aria-label="Rename the group" onClick={() => setOpen(!open)}>
          <IconPencil size={14} />
        </ActionIcon>
      </Popover.Target>
      <Popover.Dropdown>
        <form
          className={styles.form}
          onSubmit={(event) => {
            event.preventDefault()
            rename.mutate(undefined, { onSuccess: () => setOpen(false) })
          }}
        >
          <TextInput label="Name" value={name} onChange={(event) => setName(event.currentTarget.value)} error={rename.error?.message} />
          <Button type="submit" disabled={!name.trim()} loading={rename.isPending}>
            Rename
          </Button>
        </form>
      </Popover.Dropdown>
    </Popover>
  )
}

function Members({ application, group }: { application: number; group: TransactionGroupDetail }) {
  const navigate = useNavigate()
  const href = useHref()
  const take = useChange((bt: BusinessTransaction) => putGroup(application, { id: group.id, name: group.name }, group.members.filter((m) => m.id !== bt.id).map((m) => m.id)))
  const { mutate } = take
  const healthOf = useHealth(application)
  const mayTake = useMay()('configure', application)
  const columns = useMemo(() => {
    const known = rowColumns(application, healthOf, null)
    if (!mayTake) return known
    return [
      ...known,
      {
        key: 'take',
        label: '',
        render: (row: Row) =>
          row.kind === 'bt' && (
            <Button
              size="compact-xs"
              variant="subtle"
              aria-label={`Take ${row.bt.name} out of the group`}
              onClick={(event) => {
                event.stopPropagation()
                mutate(row.bt)
              }}
            >
              Take out
            </Button>
          ),
      },
    ]
  }, [application, healthOf, mayTake, mutate])
  const rows = group.members.map((bt): Row => ({ kind: 'bt', bt: { ...bt, group: null } }))
  if (rows.length === 0) return <Empty title="The group has no member">Tick business transactions in their list and choose “Group”.</Empty>
  return (
    <>
      {take.error && <p role="alert">{take.error.message}</p>}
      <DataTable label="Members" rows={rows} columns={columns} rowKey={keyOf} defaultSort="-calls_per_minute" onRowClick={(row) => row.kind === 'bt' && void navigate(href(paths.businessTransaction(application, row.bt.id)))} />
    </>
  )
}
