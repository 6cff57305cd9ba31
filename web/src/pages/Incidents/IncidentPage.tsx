import { useMemo } from 'react'
import type { Incident, IncidentDetail } from '../../api/types'
import { paths } from '../../app/paths'
import { useId } from '../../app/useId'
import { useTitle } from '../../app/useTitle'
import { useIncident } from '../../components/anomaly/queries'
import { Card } from '../../components/card/Card'
import { StatusBadge } from '../../components/health/LevelBadge'
import { RangeLink } from '../../components/link/RangeLink'
import { withDistinctNodes } from '../../components/name/sameNames'
import { Empty } from '../../components/states/Empty'
import { Loaded } from '../../components/states/Loaded'
import { DataTable } from '../../components/table/DataTable'
import { plural } from '../../format/numbers'
import { exactMoment, moment } from '../../format/times'
import { serverNow } from '../../time/clock'
import { useTimeRange } from '../../time/TimeRangeContext'
import { columnsOf as anomalyColumns } from '../Anomalies/columns'
import { Suspected } from '../Anomalies/Names'
import styles from '../Anomaly/Anomaly.module.css'
import { Facts } from '../EntityHead'
import { lastedWord } from '../HealthRules/model/times'
import page from '../page.module.css'
import { columnsOf as violationColumns } from '../Violations/columns'

/** One incident: its cause, and what deviated and was violated because of it. */
export function IncidentPage() {
  const id = useId('incidentId')
  const query = useIncident(id)
  useTitle([`Incident no. ${id}`, query.data?.incident.application.name])
  return (
    <div className={page.page}>
      <Loaded query={query} what="the incident" lines={8}>
        {(detail: IncidentDetail) => <Whole detail={detail} />}
      </Loaded>
    </div>
  )
}

function Whole({ detail: { incident, ...of } }: { detail: IncidentDetail }) {
  const { now } = useTimeRange()
  const anomalies = useMemo(() => withDistinctNodes(of.anomalies), [of.anomalies])
  const violations = useMemo(() => withDistinctNodes(of.violations), [of.violations])
  const ofAnomalies = useMemo(() => anomalyColumns({ all: false, incident: false, now }), [now])
  const ofViolations = useMemo(() => violationColumns(false, now), [now])
  return (
    <>
      <Card>
        <Head incident={incident} />
      </Card>
      <Card title="Anomalies" note={noteOf(incident.anomalies, anomalies.length, 'anomaly', 'anomalies')}>
        {anomalies.length ? <DataTable label="Anomalies of the incident" rows={anomalies} columns={ofAnomalies} rowKey={(a) => a.id} defaultSort="since" sortParam="anomaly-sort" /> : <Empty title="Nothing deviated">It consists of violations of health rules alone.</Empty>}
      </Card>
      <Card title="Violations of health rules" note={noteOf(incident.violations, violations.length, 'violation', 'violations')}>
        {violations.length ? <DataTable label="Violations of the incident" rows={violations} columns={ofViolations} rowKey={(v) => v.id} defaultSort="opened" sortParam="violation-sort" /> : <Empty title="No health rule was violated meanwhile" />}
      </Card>
    </>
  )
}

/** How many there are, and how many of them are not shown. */
const noteOf = (all: number, shown: number, one: string, many: string) => `${plural(all, one, many)}${all > shown ? `, ${all - shown} of them not shown here` : ''}`

function Head({ incident }: { incident: Incident }) {
  const now = serverNow()
  const { application } = incident
  return (
    <>
      <div className={styles.head}>
        <StatusBadge status={incident.status} level={incident.level} />
        <h1>Incident no. {incident.id}</h1>
        <span className={page.muted}>
          in <RangeLink to={paths.application(application.id)}>{application.name}</RangeLink>
        </span>
        <RangeLink to={paths.incidents(application.id)}>All incidents</RangeLink>
      </div>
      <p className={styles.summary}>{incident.summary}</p>
      <Facts
        facts={[
          ['Level', incident.level.toLowerCase()],
          ['Cause', incident.cause ? <Suspected key="cause" application={application.id} suspect={incident.cause} /> : 'none is clear'],
          ['Since', moment(incident.opened_at, now), exactMoment(incident.opened_at)],
          ['Until', incident.closed_at === null ? 'still going on' : moment(incident.closed_at, now), incident.closed_at === null ? undefined : exactMoment(incident.closed_at)],
          ['Lasted', lastedWord((incident.closed_at ?? now) - incident.opened_at)],
        ]}
      />
    </>
  )
}
