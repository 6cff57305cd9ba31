import { Button, NativeSelect } from '@mantine/core'
import { IconBellOff } from '@tabler/icons-react'
import { lazy, Suspense, useState } from 'react'
import { Card } from '../../components/card/Card'
import { LevelBadge } from '../../components/health/LevelBadge'
import { RangeLink } from '../../components/link/RangeLink'
import { PartialNotice } from '../../components/states/Notices'
import { Loading } from '../../components/states/Loading'
import { paths } from '../../app/paths'
import { plural } from '../../format/numbers'
import { exactMoment, moment } from '../../format/times'
import { serverNow } from '../../time/clock'
import page from '../page.module.css'
import { useFields } from './Fields'
import styles from './HealthRules.module.css'
import { ruleOf, type Draft } from './model/draft'
import { lastedWord } from './model/times'
import { useBackTest } from './queries'
import type { BackTest, Episode, Rule } from './types'

const RuleChartView = lazy(() => import('./RuleChartView'))

const HOURS = [
  { value: '1', label: 'the last hour' },
  { value: '6', label: 'the last 6 hours' },
  { value: '24', label: 'the last 24 hours' },
  { value: '72', label: 'the last 3 days' },
  { value: '192', label: 'the last 8 days' },
]
/** Episodes that are listed at first. */
const CHUNK = 50

interface Props {
  draft: Draft
  sound: boolean
  /** Somebody wants it judged, so that what is wrong may be said. */
  onAsk(): void
}

/** What the draft would have found: whom, when, how badly, on the chart of what decided. */
export function BackTestCard({ draft, sound, onAsk }: Props) {
  const { application } = useFields()
  const [hours, setHours] = useState('24')
  const [asked, setAsked] = useState<{ rule: Rule; text: string; hours: number } | null>(null)
  const test = useBackTest(application)
  const text = JSON.stringify(ruleOf(draft))
  const run = (entity: number | null, of: Rule, length: number) => test.mutate({ rule: of, hours: length, entity, alone: false, until: null })
  const ask = () => {
    onAsk()
    if (!sound) return
    const rule = ruleOf(draft)
    setAsked({ rule, text, hours: Number(hours) })
    run(null, rule, Number(hours))
  }
  return (
    <Card title="Back-test" note="nothing is stored by it">
      <div className={styles.ask}>
        <NativeSelect label="What would it have found over" data={HOURS} value={hours} onChange={(e) => setHours(e.currentTarget.value)} />
        <Button onClick={ask} loading={test.isPending}>
          Back-test
        </Button>
        {test.error && (
          <p className={styles.problem} role="alert">
            {test.error.message}
          </p>
        )}
        {asked && asked.text !== text && !test.isPending && (
          <p className={styles.hint} role="status">
            The rule was changed since: run it again.
          </p>
        )}
      </div>
      {test.data && asked && (
        <div className={styles.result} data-old={asked.text !== text || undefined}>
          <Result found={test.data} rule={asked.rule} busy={test.isPending} onEntity={(entity) => run(entity, asked.rule, asked.hours)} />
        </div>
      )}
    </Card>
  )
}

function Result({ found, rule, busy, onEntity }: { found: BackTest; rule: Rule; busy: boolean; onEntity(entity: number): void }) {
  const { episodes, chart } = found
  const whom = new Set(episodes.map((one) => one.entity.id)).size
  const silenced = episodes.filter((one) => one.silenced_by).length
  return (
    <>
      <PartialNotice partial={found.partial} />
      <p>
        <b>{episodes.length === 0 ? 'It would have found nothing' : `It would have found ${plural(episodes.length, 'violation')}${found.more ? ' and more' : ''} of ${plural(whom, 'entity', 'entities')}`}</b>, having judged {plural(found.entities - found.unjudged, 'entity', 'entities')} from <time title={exactMoment(found.from)}>{moment(found.from, serverNow())}</time> to{' '}
        <time title={exactMoment(found.to)}>{moment(found.to, serverNow())}</time>.{silenced > 0 && ` ${silenced === episodes.length ? 'Nobody would have been told' : `Of ${silenced} nobody would have been told`}: a suppression was on when ${silenced === 1 ? 'it' : 'they'} began.`}
      </p>
      {found.unjudged > 0 && (
        <p className={styles.problem} role="status">
          {plural(found.unjudged, 'entity', 'entities')} could not be judged in any minute: nothing was reported of what the rule looks at, there is no baseline to compare with yet, or its schedule was never on.
        </p>
      )}
      {chart && (
        <Suspense fallback={<Loading what="the chart" lines={4} />}>
          <RuleChartView chart={chart} rule={rule} episodes={episodes.filter((one) => one.entity.id === chart.entity.id)} to={found.to} />
        </Suspense>
      )}
      {episodes.length > 0 && <Episodes episodes={episodes} charted={chart?.entity.id ?? null} busy={busy} onEntity={onEntity} />}
    </>
  )
}

function Episodes({ episodes, charted, busy, onEntity }: { episodes: Episode[]; charted: number | null; busy: boolean; onEntity(entity: number): void }) {
  const [shown, setShown] = useState(CHUNK)
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls, by keyboard too
    <ul className={styles.episodes} tabIndex={0} aria-label="Violations that it would have found">
      {episodes.slice(0, shown).map((one) => (
        <li key={`${one.entity.id} ${one.from}`}>
          <LevelBadge level={one.level} />{' '}
          <button type="button" className={page.pick} disabled={busy || one.entity.id === charted} title={one.entity.id === charted ? 'Its chart is above' : 'Show its chart'} onClick={() => onEntity(one.entity.id)}>
            {one.entity.name}
          </button>{' '}
          <span title={exactMoment(one.from)}>{moment(one.from, serverNow())}</span>, {one.to === null ? 'still going on' : lastedWord(one.to - one.from)}
          {one.silenced_by && (
            <>
              {' '}
              <span className={styles.silenced} title="It would be a violation all the same, but its opening would be told to nobody">
                <IconBellOff size={13} aria-hidden /> silenced by <RangeLink to={paths.alerting('suppressions', one.silenced_by.id)}>{one.silenced_by.name}</RangeLink>
              </span>
            </>
          )}
          <div className={page.muted}>{one.summary}</div>
        </li>
      ))}
      {episodes.length > shown && (
        <li>
          <Button variant="subtle" size="compact-xs" onClick={() => setShown(shown + CHUNK)}>
            {episodes.length - shown} more
          </Button>
        </li>
      )}
    </ul>
  )
}
