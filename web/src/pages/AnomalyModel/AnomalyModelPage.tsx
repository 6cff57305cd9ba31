import { NativeSelect } from '@mantine/core'
import { lazy, Suspense, useMemo } from 'react'
import { useSearchParams } from 'react-router'
import type { AnomalousKind, AnomalyMeasure, AnomalyModel } from '../../api/types'
import { paths } from '../../app/paths'
import { useUrlState } from '../../app/urlState'
import { useId } from '../../app/useId'
import { useModel, type SeriesName } from '../../components/anomaly/queries'
import { KIND_WORDS, learningText, MEASURE_WORDS, measuredWord, STATE_WORDS, tidy } from '../../components/anomaly/words'
import { Card } from '../../components/card/Card'
import { RangeLink } from '../../components/link/RangeLink'
import { Empty } from '../../components/states/Empty'
import { Loaded } from '../../components/states/Loaded'
import { Loading } from '../../components/states/Loading'
import { plural } from '../../format/numbers'
import { exactMoment, minuteOf } from '../../format/times'
import { useTimeRange } from '../../time/TimeRangeContext'
import { useAccount } from '../Administration/account'
import { EntityName } from '../Anomalies/Names'
import { EntityHead, Facts } from '../EntityHead'
import page from '../page.module.css'
import styles from './AnomalyModel.module.css'
import { MinuteCard } from './MinuteCard'
import { hourOf, rarityText } from './season'
import { SeasonProfile } from './SeasonProfile'

const JudgedChart = lazy(() => import('../../components/anomaly/JudgedChart'))

const DAY = 86_400_000
const SEASONS: Record<AnomalyModel['seasonality'], string> = { NONE: 'none has proven itself: all hours alike', DAY: 'hours of the day', DAY_AND_WEEKEND: 'hours of the day, others on weekends' }
const MEASURES = (['RESPONSE_TIME', 'ERROR_SHARE', 'CALLS'] as const).map((value) => ({ value, label: MEASURE_WORDS[value] }))

/** Which series the URL names; null when it names none. */
function nameOf(params: URLSearchParams): SeriesName | null {
  const kind = params.get('kind')
  const entity = Number(params.get('entity') ?? Number.NaN)
  const measure = params.get('measure') ?? 'RESPONSE_TIME'
  if (kind === null || !(kind in KIND_WORDS) || !Number.isInteger(entity) || !(measure in MEASURE_WORDS)) return null
  return { kind: kind as AnomalousKind, entity, measure: measure as AnomalyMeasure, metric: params.get('metric') }
}

/** The model of one series: what it repeats, what is usual, and why any minute of it is or is not anomalous. */
export function AnomalyModelPage() {
  const application = useId('applicationId')
  const [params] = useSearchParams()
  const text = JSON.stringify(nameOf(params))
  const name = useMemo(() => JSON.parse(text) as SeriesName | null, [text])
  const { window } = useTimeRange()
  // Minutes of more than a day can be told apart by nobody.
  const from = Math.max(window.from, window.to - DAY)
  const query = useModel(application, name, from, window.to)
  if (name === null) {
    return (
      <div className={page.page}>
        <Card title="Model of a series">
          <Empty title="No series is named">
            Open it from an <RangeLink to={paths.anomalies(application)}>anomaly</RangeLink>, or from the charts of a business transaction, tier, node or backend.
          </Empty>
        </Card>
      </div>
    )
  }
  return (
    <div className={page.page}>
      <Loaded query={query} what="the model" lines={8}>
        {(model: AnomalyModel) => <Whole application={application} model={model} shortened={from > window.from} />}
      </Loaded>
    </div>
  )
}

function Whole({ application, model, shortened }: { application: number; model: AnomalyModel; shortened: boolean }) {
  const [at, setAt] = useUrlState('at')
  const { points } = model
  const place = placeOf(model, at === '' ? null : Number(at))
  const chosen = points[place]
  const choose = (to: number) => setAt(String(points[to]?.at ?? ''))
  const word = measuredWord(model)
  const zone = useAccount().data?.time_zone
  return (
    <>
      <Card>
        <Head application={application} model={model} />
      </Card>
      <Card title={`${word.charAt(0).toUpperCase()}${word.slice(1)} and what is usual of it`} note={`click a minute to see why${shortened ? '; the last 24 hours of the range' : ''}`}>
        {points.length === 0 ? (
          <Empty title="Nothing was judged in this range">Choose a range in which it was reported.</Empty>
        ) : (
          <div className={styles.chart}>
            <Suspense fallback={<Loading what="the chart" />}>
              <JudgedChart title={model.entity.name} label={word} unit={model.unit} points={points} marked={chosen?.at ?? null} onPick={(moment) => setAt(String(moment))} />
            </Suspense>
          </div>
        )}
      </Card>
      <MinuteCard model={model} place={place} onChoose={choose} />
      <Card title="What it repeats" note={`${SEASONS[model.seasonality]}${zone ? `; hours of ${zone}` : ''}`}>
        {model.season.length === 0 ? <p className={styles.remark}>No profile yet: a season has to prove itself, over a day at least.</p> : <SeasonProfile model={model} chosenHour={chosen && zone ? hourOf(chosen.at, model.season, zone) : null} />}
      </Card>
    </>
  )
}

/** The chosen minute; without one the newest that was anomalous, else the newest in which something was measured. */
function placeOf({ points }: AnomalyModel, at: number | null): number {
  if (at !== null) {
    const found = points.findLastIndex((point) => point.at <= at)
    if (found >= 0) return found
  }
  const anomalous = points.findLastIndex(({ state }) => state === 'WARNING' || state === 'CRITICAL')
  if (anomalous >= 0) return anomalous
  const measured = points.findLastIndex(({ value }) => value !== null)
  return measured >= 0 ? measured : Math.max(0, points.length - 1)
}

function Head({ application, model }: { application: number; model: AnomalyModel }) {
  const { now } = useTimeRange()
  const [, setMeasure] = useUrlState('measure')
  const learning = learningText(model, now)
  return (
    <>
      <EntityHead icon={null} name={`Why is ${model.entity.name} normal or not?`}>
        <EntityName application={application} entity={{ ...model.entity, name: 'Its page' }} kind={model.entity_kind} />
        {model.measure === 'METRIC' ? <span className={page.tag}>{model.metric}</span> : <NativeSelect size="xs" aria-label="What of it" data={MEASURES} value={model.measure} onChange={(e) => setMeasure(e.currentTarget.value)} />}
        <RangeLink to={paths.anomalies(application)} extra={{ entity: model.entity.id }}>
          Its anomalies
        </RangeLink>
        <RangeLink to={paths.anomalySettings(application)}>Settings and back-test</RangeLink>
      </EntityHead>
      <Facts
        facts={[
          ['Now', STATE_WORDS[model.state]],
          ['Season', SEASONS[model.seasonality]],
          ['Rests on', plural(model.readings, 'minute')],
          ['Known since', model.learning_since === null ? null : minuteOf(model.learning_since), model.learning_since === null ? undefined : exactMoment(model.learning_since)],
          ['Episodes', `${tidy(model.episodes_a_week)} a week`],
          ['Warning', `what happens ${rarityText(model.warning_rarity)} or more seldom`],
          ['Critical', `what happens ${rarityText(model.critical_rarity)} or more seldom`],
        ]}
      />
      {learning && <p className={styles.remark}>{learning}</p>}
    </>
  )
}
