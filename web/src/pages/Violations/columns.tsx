// The columns of tables of violations.
import type { Violation } from '../../api/types'
import { paths } from '../../app/paths'
import { StatusBadge } from '../../components/health/LevelBadge'
import { RangeLink } from '../../components/link/RangeLink'
import type { Column } from '../../components/table/DataTable'
import { NONE } from '../../format/numbers'
import { ago, exactMoment, moment } from '../../format/times'
import { lastedWord } from '../HealthRules/model/times'
import page from '../page.module.css'
import { Violated } from './Violated'
import styles from './Violations.module.css'

const RANK = { WARNING: 1, CRITICAL: 2 }

/** `all`: of several applications. */
export function columnsOf(all: boolean, now: number): Column<Violation>[] {
  const columns: (Column<Violation> | false)[] = [
    { key: 'state', label: 'State', width: '104px', value: (v) => (v.status === 'OPEN' ? 10 : 0) + RANK[v.level], render: (v) => <StatusBadge status={v.status} level={v.level} /> },
    {
      key: 'rule',
      label: 'Violation',
      value: (v) => v.rule.name,
      render: (v) => (
        <RangeLink to={paths.violation(v.id)} aria-label={`${v.rule.name} by ${v.entity.name}`}>
          {v.rule.name}
        </RangeLink>
      ),
    },
    { key: 'entity', label: 'Entity', value: (v) => v.entity.name, render: (v) => <Violated violation={v} /> },
    all && { key: 'application', label: 'Application', value: (v) => v.application.name, render: (v) => <RangeLink to={paths.application(v.application.id)}>{v.application.name}</RangeLink> },
    { key: 'opened', label: 'Since', width: '150px', value: (v) => v.opened_at, render: (v) => <time title={exactMoment(v.opened_at)}>{moment(v.opened_at, now)} <span className={page.muted}>{ago(v.opened_at, now)}</span></time> },
    {
      key: 'lasted',
      label: 'Until',
      width: '150px',
      value: (v) => (v.closed_at ?? now) - v.opened_at,
      render: (v) => (v.closed_at === null ? <span className={page.muted}>for {lastedWord(now - v.opened_at)}</span> : <time title={exactMoment(v.closed_at)}>{moment(v.closed_at, now)} <span className={page.muted}>after {lastedWord(v.closed_at - v.opened_at)}</span></time>),
    },
    { key: 'summary', label: 'What decided', render: (v) => <span className={styles.summary} title={v.summary}>{v.summary || NONE}</span> },
  ]
  return columns.filter((column) => column !== false)
}
