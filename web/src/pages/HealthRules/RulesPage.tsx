import { Button, Switch } from '@mantine/core'
import { Link } from 'react-router'
import { useMay } from '../../access/may'
import type { Violation } from '../../api/types'
import { paths } from '../../app/paths'
import { useHref, useUrlState } from '../../app/urlState'
import { useId } from '../../app/useId'
import { Card } from '../../components/card/Card'
import { LevelBadge } from '../../components/health/LevelBadge'
import { groupedBy, useOpenViolations } from '../../components/health/queries'
import { RangeLink } from '../../components/link/RangeLink'
import { SearchInput } from '../../components/SearchInput'
import { Empty } from '../../components/states/Empty'
import { Loaded } from '../../components/states/Loaded'
import { plural } from '../../format/numbers'
import admin from '../Administration/Administration.module.css'
import { Sure } from '../Administration/Sure'
import page from '../page.module.css'
import styles from './HealthRules.module.css'
import { draftOf } from './model/draft'
import { affectsWord, KIND_WORDS, sentenceOf } from './model/words'
import { useDeleteRule, useEnableRule, useRules } from './queries'
import type { HealthRule } from './types'

/** What an application's entities are judged by. */
export function RulesPage() {
  const application = useId('applicationId')
  const query = useRules(application)
  const open = useOpenViolations(application)
  const may = useMay()
  const href = useHref()
  const [search, setSearch] = useUrlState('filter')
  const byRule = groupedBy(open.data?.items ?? [], (one) => one.rule.id)
  const mayConfigure = may('configure', application)
  return (
    <div className={page.page}>
      <Card
        title="Health rules"
        note={query.data && plural(query.data.items.length, 'rule')}
        actions={
          <>
            <RangeLink to={paths.schedules(application)}>Schedules</RangeLink>
            <SearchInput label="Filter by name or what it affects" value={search} onChange={setSearch} />
            {mayConfigure && (
              <Button component={Link} to={href(paths.healthRule(application, 'new'))}>
                Make a rule
              </Button>
            )}
          </>
        }
      >
        {!mayConfigure && <NotAllowed what="change rules" />}
        <Loaded query={query} what="the health rules">
          {(data) => {
            if (data.items.length === 0) return <Empty title="No health rule yet">An application gets its first rules in the minute after its first report. A rule says when something is wrong: make one, or wait for those.</Empty>
            const wanted = search.toLowerCase()
            const rows = data.items.filter(({ rule }) => `${rule.name}\n${KIND_WORDS[rule.affects.kind]}\n${affectsWord(draftOf(rule))}`.toLowerCase().includes(wanted))
            return rows.length ? <Table application={application} rows={rows} violations={byRule} /> : <Empty title="No rule matches">Nothing is named like “{search}”.</Empty>
          }}
        </Loaded>
      </Card>
    </div>
  )
}

/** Why a page has no buttons. */
export function NotAllowed({ what }: { what: string }) {
  return <p className={`${styles.hint} ${styles.ask}`}>You may look and not {what}: that takes the permission “configure” over this application, which whoever administers users can give.</p>
}

function Table({ application, rows, violations }: { application: number; rows: HealthRule[]; violations: Map<number, Violation[]> }) {
  return (
    <table className={admin.table} aria-label="Health rules">
      <thead>
        <tr>
          <th scope="col">On</th>
          <th scope="col">Rule</th>
          <th scope="col">Affects</th>
          <th scope="col" style={{ width: '170px' }}>
            Now
          </th>
          <th scope="col">Change</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <Row key={row.id} application={application} row={row} violations={violations.get(row.id) ?? []} />
        ))}
      </tbody>
    </table>
  )
}

function Row({ application, row, violations }: { application: number; row: HealthRule; violations: Violation[] }) {
  const { rule } = row
  const may = useMay()
  const href = useHref()
  const remove = useDeleteRule(application)
  const enable = useEnableRule(application)
  const draft = draftOf(rule)
  return (
    <tr data-off={rule.enabled ? undefined : true}>
      <td>
        <Switch
          aria-label={`${rule.name} is switched on`}
          checked={enable.isPending ? enable.variables.enabled : rule.enabled}
          disabled={!may('configure', application) || enable.isPending}
          onChange={(e) => enable.mutate({ id: row.id, enabled: e.currentTarget.checked })}
        />
        {enable.error && <p role="alert">{enable.error.message}</p>}
      </td>
      <td title={sentenceOf(draft)}>
        <RangeLink to={paths.healthRule(application, row.id)}>{rule.name}</RangeLink>{' '}
        {row.factory && (
          <span className={page.tag} title={row.version === 1 ? 'Every application begins with it' : 'Every application begins with one of this name; this one was changed'}>
            {row.version === 1 ? 'factory' : 'factory, changed'}
          </span>
        )}
        <div className={page.muted}>{rule.schedule === 'Always' ? '' : `during ${rule.schedule}`}</div>
      </td>
      <td>
        {KIND_WORDS[rule.affects.kind]}
        {rule.affects.scope.type !== 'ALL' && <div className={page.muted}>{affectsWord(draft)}</div>}
      </td>
      <td>
        <Now application={application} row={row} violations={violations} />
      </td>
      <td>
        <span className={admin.key}>
          {may('configure', application) && (
            <Button component={Link} variant="default" size="compact-xs" to={href(paths.healthRule(application, 'new'), { copy: row.id })} aria-label={`Copy ${rule.name}`}>
              Copy
            </Button>
          )}
          {may('delete', application) && (
            <Sure label={`Delete ${rule.name}`} word="Delete" question={`“${rule.name}” judges nothing any more, and what it has open is canceled. Violations of the past stay.`} busy={remove.isPending} problem={remove.error?.message} onSure={() => remove.mutate(row.id)} />
          )}
          {!may('configure', application) && !may('delete', application) && <span className={page.muted}>–</span>}
        </span>
        {remove.error && <p role="alert">{remove.error.message}</p>}
      </td>
    </tr>
  )
}

function Now({ application, row, violations }: { application: number; row: HealthRule; violations: Violation[] }) {
  const [worst] = violations
  if (!worst) return <span className={page.muted}>{row.rule.enabled ? 'no violation' : 'switched off'}</span>
  return (
    <span className={page.name}>
      <LevelBadge level={worst.level} />
      <RangeLink to={paths.violations(application)} extra={{ rule: row.id }}>
        {plural(violations.length, 'violation')}
      </RangeLink>
    </span>
  )
}
