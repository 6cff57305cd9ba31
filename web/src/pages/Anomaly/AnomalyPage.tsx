import { lazy, Suspense, useMemo, useState } from 'react'
import type { Anomaly, AnomalyDetail, AnomalySeries } from '../../api/types'
import { paths } from '../../app/paths'
import { useId } from '../../app/useId'
import { useTitle } from '../../app/useTitle'
import { useAnomaly } from '../../components/anomaly/queries'
import { changeText, confidenceText, deviationText, KIND_WORDS, measuredWord, pathOfEntity } from '../../components/anomaly/words'
import { Card } from '../../components/card/Card'
import { ChartEvents } from '../../components/chart/ChartEvents'
import { StatusBadge } from '../../components/health/LevelBadge'
import { RangeLink } from '../../components/link/RangeLink'
import { Loaded } from '../../components/states/Loaded'
import { Loading } from '../../components/states/Loading'
import { exactMoment, moment } from '../../format/times'
import { serverNow } from '../../time/clock'
import { EntityName } from '../Anomalies/Names'
import { Facts } from '../EntityHead'
import { lastedWord } from '../HealthRules/model/times'
import page from '../page.module.css'
import styles from './Anomaly.module.css'
import { FeedbackCard } from './FeedbackCard'
import { troubleOf, windowOf, type Window } from './links'
import { OperationsCard } from './OperationsCard'
import { SimilarCard } from './SimilarCard'
import { SliceCard } from './SliceCard'
import { SuspectsCard } from './SuspectsCard'

const JudgedChart = lazy(() => import('../../components/anomaly/JudgedChart'))

/** One anomaly: what happened and why, what deviated, who is suspected by which evidence, where it spread, and what people made of it. */
export function AnomalyPage() {
  const id = useId('anomalyId')
  const query = useAnomaly(id)
  const anomaly = query.data?.anomaly
  useTitle([anomaly && `Anomaly: ${anomaly.entity.name}`, anomaly?.application.name])
  return (
    <div className={page.page}>
      <Loaded query={query} what="the anomaly" lines={8}>
        {(detail: AnomalyDetail) => <Whole detail={detail} />}
      </Loaded>
    </div>
  )
}

function Whole({ detail }: { detail: AnomalyDetail }) {
  const { anomaly, suspects } = detail
  const [chosen, setChosen] = useState(0)
  // An open one is looked at up to when its page was opened, so that the map does not move.
  const [opened] = useState(serverNow)
  const window = useMemo(() => windowOf(anomaly, opened), [anomaly, opened])
  const suspect = anomaly.verdict === 'PENDING' ? null : (suspects[chosen] ?? suspects[0] ?? null)
  return (
    <>
      <Card>
        <Head anomaly={anomaly} />
      </Card>
      <div className={styles.columns}>
        <div className={styles.stack}>
          <ChartEvents application={anomaly.application.id} about={anomaly.entity.id} window={window}>
            <SeriesCard series={detail.series} anomaly={anomaly} window={window} />
          </ChartEvents>
          <SuspectsCard detail={detail} chosen={chosen} onChoose={setChosen} />
          <SliceCard detail={detail} suspect={suspect} window={window} />
          <OperationsCard application={anomaly.application.id} operations={detail.operations} />
        </div>
        <div className={styles.stack}>
          <Changes detail={detail} />
          <Further anomaly={anomaly} />
          <FeedbackCard detail={detail} />
          <SimilarCard detail={detail} />
        </div>
      </div>
    </>
  )
}

function Head({ anomaly }: { anomaly: Anomaly }) {
  const now = serverNow()
  const { application } = anomaly
  return (
    <>
      <div className={styles.head}>
        <StatusBadge status={anomaly.status} level={anomaly.status === 'OPEN' ? anomaly.level : anomaly.worst} />
        <h1>{anomaly.entity.name}</h1>
        <span className={page.tag}>{measuredWord(anomaly)}</span>
        {pathOfEntity(application.id, anomaly.entity_kind, anomaly.entity.id) ? <EntityName application={application.id} entity={{ ...anomaly.entity, name: 'Its page' }} kind={anomaly.entity_kind} /> : <span className={page.tag}>{KIND_WORDS[anomaly.entity_kind]}</span>}
        <span className={page.muted}>
          in <RangeLink to={paths.application(application.id)}>{application.name}</RangeLink>
        </span>
        {anomaly.incident !== null && <RangeLink to={paths.incident(anomaly.incident)}>Incident no. {anomaly.incident}</RangeLink>}
        <RangeLink to={paths.anomalies(application.id)}>All anomalies</RangeLink>
      </div>
      <p className={styles.summary}>{anomaly.summary}</p>
      <Facts
        facts={[
          ['At worst', deviationText(anomaly)],
          ['Level', anomaly.worst === anomaly.level ? anomaly.level.toLowerCase() : `${anomaly.level.toLowerCase()}, was ${anomaly.worst.toLowerCase()}`],
          ['Began', moment(anomaly.onset_at, now), `${exactMoment(anomaly.onset_at)}, found back in time`],
          ['Opened', moment(anomaly.opened_at, now), exactMoment(anomaly.opened_at)],
          ['Until', anomaly.closed_at === null ? 'still going on' : moment(anomaly.closed_at, now), anomaly.closed_at === null ? undefined : exactMoment(anomaly.closed_at)],
          ['Lasted', lastedWord((anomaly.closed_at ?? now) - anomaly.onset_at)],
          ['Cause', anomaly.top_suspect && anomaly.verdict !== 'NO_CLEAR_CAUSE' && anomaly.verdict !== 'PENDING' ? `${anomaly.top_suspect.entity.name}, ${confidenceText(anomaly.top_suspect.confidence)}` : null],
        ]}
      />
    </>
  )
}

/** Of the plots, in pixels: the first is of what deviates most. */
const heightOf = (place: number) => (place === 0 ? 170 : 96)
const MINUTE = 60_000
/** What a chart is higher than its plot by: its head and the strip of states. */
const AROUND = 48

/** The series that deviates most, then what goes with it. */
function SeriesCard({ series, anomaly, window }: { series: AnomalySeries[]; anomaly: Anomaly; window: Window }) {
  const extraOf = ({ measure, metric }: AnomalySeries) => ({ range: null, live: null, ...window, kind: anomaly.entity_kind, entity: anomaly.entity.id, measure, metric, at: anomaly.opened_at })
  // Of what lasts longer than a day the first one is charted.
  const charted = (series[0]?.points.at(-1)?.at ?? Infinity) + 2 * MINUTE
  const cut = charted < (anomaly.closed_at ?? window.to)
  return (
    <Card title="Over time" note={`the bands are what was usual; shaded: anomalous${cut ? '; its first day' : ''}`}>
      <div className={styles.chart} style={{ minHeight: series.reduce((all, _, place) => all + heightOf(place) + AROUND, 10) }}>
        <Suspense fallback={<Loading what="the charts" />}>
          {series.map((one, place) => {
            const word = measuredWord(one)
            return (
              <JudgedChart
                key={`${one.measure} ${one.metric ?? ''}`}
                title={word.charAt(0).toUpperCase() + word.slice(1)}
                label={word}
                unit={one.unit}
                points={one.points}
                height={heightOf(place)}
                action={
                  <RangeLink className={styles.why} to={paths.anomalyModel(anomaly.application.id)} extra={extraOf(one)} aria-label={`Why is the ${word} usual or not?`}>
                    Why is this usual or not?
                  </RangeLink>
                }
              />
            )
          })}
          {series.length === 0 && <p className={styles.remark}>Single minutes are kept for eight days, and this was earlier.</p>}
        </Suspense>
      </div>
    </Card>
  )
}

function Changes({ detail: { changes, anomaly } }: { detail: AnomalyDetail }) {
  const now = serverNow()
  return (
    <Card title="What happened">
      <ol className={styles.changes} aria-label="Changes">
        <li>
          <b>Began</b> <time title={exactMoment(anomaly.onset_at)}>{moment(anomaly.onset_at, now)}</time>
          <small>as found back in time</small>
        </li>
        {changes.map((change) => (
          <li key={`${change.at} ${change.kind}`}>
            <b>{changeText(change)}</b> <time title={exactMoment(change.at)}>{moment(change.at, now)}</time>
            <small>{change.summary}</small>
          </li>
        ))}
      </ol>
    </Card>
  )
}

/** Where to look next, in the time of the anomaly. */
function Further({ anomaly }: { anomaly: Anomaly }) {
  const { application, entity, entity_kind: kind } = anomaly
  const now = serverNow()
  const trouble = { range: null, live: null, ...troubleOf(anomaly, now) }
  const around = { range: null, live: null, ...windowOf(anomaly, now) }
  const whose = kind === 'BUSINESS_TRANSACTION' ? { bt: entity.id } : kind === 'TIER' ? { tier: entity.id } : {}
  return (
    <Card title="At that time">
      <ul className={styles.links}>
        <li>
          <RangeLink to={paths.traces(application.id)} extra={{ ...trouble, ...whose }}>
            Traces{kind === 'BUSINESS_TRANSACTION' || kind === 'TIER' ? ` of ${entity.name}` : ''}
          </RangeLink>
        </li>
        <li>
          <RangeLink to={paths.applicationLogs(application.id)} extra={{ ...trouble, ...(kind === 'TIER' ? { tier: entity.id } : kind === 'NODE' ? { node: entity.id } : {}) }}>
            Logs
          </RangeLink>
        </li>
        <li>
          <RangeLink to={paths.events(application.id)} extra={around}>
            Events of the application
          </RangeLink>
        </li>
        <li>
          <RangeLink to={paths.violations(application.id)} extra={around}>
            Violations of health rules
          </RangeLink>
        </li>
        <li>
          <RangeLink to={paths.anomalies(application.id)} extra={{ ...around, entity: entity.id }}>
            Other anomalies of {entity.name}
          </RangeLink>
        </li>
      </ul>
    </Card>
  )
}
