import { Button, NativeSelect, Select } from '@mantine/core'
import { lazy, Suspense, useMemo, useState } from 'react'
import { useBackends, useBusinessTransactions, useTiers } from '../../api/queries'
import type { AnomalousKind, AnomalyBackTested, AnomalyEpisode, AnomalyMeasure, AnomalySettings } from '../../api/types'
import { useAnomalyBackTest } from '../../components/anomaly/queries'
import { deviationText, MEASURE_WORDS, tidy } from '../../components/anomaly/words'
import { Card } from '../../components/card/Card'
import { LevelBadge } from '../../components/health/LevelBadge'
import { Loading } from '../../components/states/Loading'
import { PartialNotice } from '../../components/states/Notices'
import { count, plural } from '../../format/numbers'
import { exactMoment, moment } from '../../format/times'
import { serverNow } from '../../time/clock'
import styles from '../HealthRules/HealthRules.module.css'
import { lastedWord } from '../HealthRules/model/times'
import page from '../page.module.css'
import { SENSITIVITY_WORDS } from './draft'

const JudgedChart = lazy(() => import('../../components/anomaly/JudgedChart'))

const DAY = 86_400_000
const DAYS = [
  { value: '1', label: 'the last day' },
  { value: '3', label: 'the last 3 days' },
  { value: '7', label: 'the last 7 days' },
]
const MEASURES = (['RESPONSE_TIME', 'ERROR_SHARE', 'CALLS'] as const).map((value) => ({ value, label: MEASURE_WORDS[value] }))

interface Asked {
  whom: string
  name: string
  measure: AnomalyMeasure
  settings: AnomalySettings
  /** What held for it: a business transaction may have its own. */
  sensitivity: AnomalySettings['sensitivity']
}

type Group = { group: string; items: { value: string; label: string }[] }

/** What detection would have found with these settings in what is stored. */
export function BackTestCard({ application, settings }: { application: number; settings: AnomalySettings | null }) {
  const groups = useWhom(application)
  return (
    <Card title="Back-test" note="nothing is stored by it">
      {groups ? <BackTest application={application} settings={settings} groups={groups} /> : <Loading what="whom it can look at" lines={5} />}
    </Card>
  )
}

function BackTest({ application, settings, groups }: { application: number; settings: AnomalySettings | null; groups: Group[] }) {
  // Who is the busiest changes while one reads: it stays who it was, or what somebody types is put over by another name.
  const [chosen, setWhom] = useState(() => groups.find(({ items }) => items.length > 0)?.items[0]?.value ?? null)
  const [measure, setMeasure] = useState<AnomalyMeasure>('RESPONSE_TIME')
  const [days, setDays] = useState('3')
  const [asked, setAsked] = useState<Asked | null>(null)
  const test = useAnomalyBackTest(application)
  const run = () => {
    if (!settings || chosen === null) return
    const [kind = '', id = ''] = chosen.split(' ')
    const to = Math.floor(serverNow() / 60_000) * 60_000
    const sensitivity = sensitivityOf(settings, kind, Number(id))
    setAsked({ whom: chosen, name: groups.flatMap((group) => group.items).find((one) => one.value === chosen)?.label ?? '', measure, settings, sensitivity })
    test.mutate({
      entity_kind: kind as AnomalousKind,
      entity: Number(id),
      measure,
      from: to - Number(days) * DAY,
      to,
      sensitivity,
      min_deviation: settings.min_deviation_percent,
      min_calls: settings.min_calls,
    })
  }
  const isOld = asked !== null && (asked.whom !== chosen || asked.measure !== measure || JSON.stringify(asked.settings) !== JSON.stringify(settings))
  return (
    <>
      <div className={styles.ask}>
        <Select label="Whom" searchable nothingFoundMessage="Nobody is called like that" data={groups} value={chosen} allowDeselect={false} limit={200} onChange={setWhom} />
        <NativeSelect label="What of it" data={MEASURES} value={measure} onChange={(e) => setMeasure(e.currentTarget.value as AnomalyMeasure)} />
        <NativeSelect label="What would it have found over" data={DAYS} value={days} onChange={(e) => setDays(e.currentTarget.value)} />
        <Button onClick={run} loading={test.isPending} disabled={!settings || chosen === null}>
          Back-test
        </Button>
        <p className={styles.hint}>With the sensitivity and the limits beside, saved or not; the limit in ms is the saved one. It learns from the two days before, as far as they are stored.</p>
        {test.error && (
          <p className={styles.problem} role="alert">
            {test.error.message}
          </p>
        )}
        {isOld && test.data && !test.isPending && (
          <p className={styles.hint} role="status">
            Something was changed since: run it again.
          </p>
        )}
      </div>
      {test.data && asked && <Result found={test.data} asked={asked} />}
    </>
  )
}

/** What holds for an entity: a business transaction may have its own. */
function sensitivityOf(settings: AnomalySettings, kind: string, id: number) {
  const own = kind === 'BUSINESS_TRANSACTION' ? settings.transactions.find((one) => one.id === id) : undefined
  return own?.sensitivity ?? settings.sensitivity
}

/** Null until all of them are known, or cannot be. */
function useWhom(application: number): Group[] | null {
  const lists = [useBusinessTransactions(application), useTiers(application), useBackends(application)] as const
  const [bts, tiers, backends] = [lists[0].data?.items, lists[1].data?.items, lists[2].data?.items]
  const isKnown = lists.every(({ data, error }) => data !== undefined || error !== null)
  return useMemo(() => {
    if (!isKnown) return null
    const named = (kind: AnomalousKind, list: readonly { id: number; name: string }[] | undefined) => (list ?? []).map(({ id, name }) => ({ value: `${kind} ${id}`, label: name }))
    const busy = bts?.toSorted((a, b) => (b.figures?.calls ?? 0) - (a.figures?.calls ?? 0))
    return [
      { group: 'Business transactions', items: named('BUSINESS_TRANSACTION', busy) },
      { group: 'Tiers', items: named('TIER', tiers) },
      { group: 'Backends', items: named('BACKEND', backends) },
    ]
  }, [isKnown, bts, tiers, backends])
}

function Result({ found, asked }: { found: AnomalyBackTested; asked: Asked }) {
  const { episodes } = found
  return (
    <div className={styles.result}>
      <PartialNotice partial={found.partial} />
      <p>
        <b>{episodes.length === 0 ? 'It would have found nothing' : `It would have found ${plural(episodes.length, 'anomaly', 'anomalies')}`}</b>, {tidy(found.per_day)} a day, in {plural(found.minutes, 'minute')} of {asked.name} at {SENSITIVITY_WORDS[asked.sensitivity]} sensitivity.
      </p>
      {found.points.length > 0 && (
        <Suspense fallback={<Loading what="the chart" lines={4} />}>
          <JudgedChart title={asked.name} label={MEASURE_WORDS[asked.measure]} unit={found.unit} points={found.points} height={150} />
        </Suspense>
      )}
      {episodes.length > 0 && (
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls, by keyboard too
        <ul className={styles.episodes} tabIndex={0} aria-label="Anomalies that it would have found">
          {episodes.map((one) => (
            <Episode key={one.onset_at} episode={one} measure={asked.measure} unit={found.unit} />
          ))}
        </ul>
      )}
    </div>
  )
}

function Episode({ episode, measure, unit }: { episode: AnomalyEpisode; measure: AnomalyMeasure; unit: string }) {
  const { level, onset_at, opened_at, closed_at, shift } = episode
  const now = serverNow()
  return (
    <li>
      <LevelBadge level={level} /> <span title={exactMoment(onset_at)}>{moment(onset_at, now)}</span>, {closed_at === null ? 'still going on' : lastedWord(closed_at - onset_at)}
      {shift && <span className={page.tag}>new level</span>}
      <div className={page.muted}>
        {deviationText({ ...episode, measure, unit })}; told after {count(Math.max(0, Math.round((opened_at - onset_at) / 60_000)))} min
      </div>
    </li>
  )
}
