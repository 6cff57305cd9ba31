// The columns of tables of anomalies.
import type { Anomaly } from '../../api/types'
import { paths } from '../../app/paths'
import { deviationText, KIND_WORDS, measuredWord } from '../../components/anomaly/words'
import { StatusBadge } from '../../components/health/LevelBadge'
import { RangeLink } from '../../components/link/RangeLink'
import type { Column } from '../../components/table/DataTable'
import { exact } from '../../format/numbers'
import { exactMoment, moment } from '../../format/times'
import { lastedWord } from '../HealthRules/model/times'
import page from '../page.module.css'
import styles from './Anomalies.module.css'
import { TopSuspect } from './Names'

const RANK = { WARNING: 1, CRITICAL: 2 }

/** `all`: of several applications; `incident`: where each belongs to its own. */
export function columnsOf({ all, incident = true, now }: { all: boolean; incident?: boolean; now: number }): Column<Anomaly>[] {
  const columns: (Column<Anomaly> | false)[] = [
    { key: 'state', label: 'State', width: '96px', value: (a) => (a.status === 'OPEN' ? 10 : 0) + RANK[a.level], render: (a) => <StatusBadge status={a.status} level={a.status === 'OPEN' ? a.level : a.worst} /> },
    {
      key: 'entity',
      label: 'Anomaly',
      value: (a) => a.entity.name,
      render: (a) => (
        <div className={styles.what}>
          <span className={page.name}>
            <RangeLink to={paths.anomaly(a.id)} aria-label={`${a.entity.name}: ${measuredWord(a)}, ${deviationText(a)}`}>
              {a.entity.name}
            </RangeLink>
            <span className={page.tag}>{KIND_WORDS[a.entity_kind]}</span>
          </span>
          <span className={styles.deviation} title={`${exact(a.observed, a.unit)} at its worst minute, ${exact(Number(a.expected.toPrecision(6)), a.unit)} expected: ${exact(Number(a.deviation.toPrecision(3)), '')} times its usual deviation at that hour`}>
            {a.measure === 'METRIC' && `${measuredWord(a)}: `}
            {deviationText(a)}
            {a.shift && <span className={page.tag}>new level</span>}
          </span>
        </div>
      ),
    },
    all && { key: 'application', label: 'Application', value: (a) => a.application.name, render: (a) => <RangeLink to={paths.application(a.application.id)}>{a.application.name}</RangeLink> },
    {
      key: 'since',
      label: 'Since',
      width: '118px',
      value: (a) => a.onset_at,
      render: (a) => (
        <div className={styles.what}>
          <time title={`began ${exactMoment(a.onset_at)}, opened ${exactMoment(a.opened_at)}`}>{moment(a.onset_at, now)}</time>
          <span className={page.muted}>{a.closed_at === null ? `for ${lastedWord(now - a.onset_at)}` : `lasted ${lastedWord(a.closed_at - a.onset_at)}`}</span>
        </div>
      ),
    },
    { key: 'deviation', label: 'Deviation', numeric: true, width: '92px', value: (a) => Math.abs(a.deviation), render: (a) => (a.deviation === 0 ? '–' : <span title="In usual deviations of this series at that hour">{`${a.deviation > 0 ? '+' : '−'}${Math.abs(a.deviation).toFixed(1)}`}</span>) },
    { key: 'suspect', label: 'Top suspect', width: '250px', value: (a) => a.top_suspect?.confidence ?? null, render: (a) => <TopSuspect of={a} /> },
    incident && { key: 'incident', label: 'Incident', width: '84px', value: (a) => a.incident, render: (a) => (a.incident === null ? '–' : <RangeLink to={paths.incident(a.incident)} aria-label={`Incident ${a.incident}`}>no. {a.incident}</RangeLink>) },
  ]
  return columns.filter((column) => column !== false)
}

