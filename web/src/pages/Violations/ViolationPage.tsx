import { lazy, Suspense, useMemo, useState } from 'react'
import type { Evidence, Violation, ViolationChange, ViolationDetail } from '../../api/types'
import { paths } from '../../app/paths'
import { useId } from '../../app/useId'
import { useTitle } from '../../app/useTitle'
import { Card } from '../../components/card/Card'
import { ChartEvents } from '../../components/chart/ChartEvents'
import { StatusBadge } from '../../components/health/LevelBadge'
import { RangeLink } from '../../components/link/RangeLink'
import { useNodeNames } from '../../components/name/queries'
import { Loaded } from '../../components/states/Loaded'
import { Loading } from '../../components/states/Loading'
import { PartialNotice } from '../../components/states/Notices'
import { plural } from '../../format/numbers'
import { exactMoment, minuteOf, moment } from '../../format/times'
import { serverNow } from '../../time/clock'
import { STATE_WORDS } from '../Alerting/words'
import { Facts } from '../EntityHead'
import { lastedWord } from '../HealthRules/model/times'
import { useChartOf, useRule } from '../HealthRules/queries'
import type { HealthRule, Rule } from '../HealthRules/types'
import page from '../page.module.css'
import { ConditionsTable } from './ConditionsTable'
import { useTold, useViolation } from './queries'
import { Violated } from './Violated'
import styles from './Violations.module.css'
import { changeWord, chartedOf, windowOf } from './words'

const RuleChartView = lazy(() => import('../HealthRules/RuleChartView'))
const HALF_AN_HOUR = 1_800_000

/** One violation: what decided each time it changed, on the chart, and where to look further. */
export function ViolationPage() {
  const id = useId('violationId')
  const query = useViolation(id)
  const violation = query.data?.violation
  useTitle([violation && `${violation.rule.name}: ${violation.entity.name}`, violation?.application.name])
  return (
    <div className={page.page}>
      <Loaded query={query} what="the violation" lines={8}>
        {(detail: ViolationDetail) => <Whole detail={detail} />}
      </Loaded>
    </div>
  )
}

/** The change that is looked at first: the newest that says something of conditions. */
const newestOf = (changes: readonly ViolationChange[]) => Math.max(0, changes.findLastIndex(({ kind }) => kind !== 'CLOSED' && kind !== 'CANCELED'))

function Whole({ detail: { violation, rule, changes } }: { detail: ViolationDetail }) {
  const [chosen, setChosen] = useState<number | null>(null)
  const at = chosen ?? newestOf(changes)
  const change = changes[at]
  return (
    <>
      <Card>
        <Head violation={violation} />
      </Card>
      <div className={styles.columns}>
        <div className={styles.stack}>
          {change && <Decided violation={violation} change={change} />}
          {change && (rule ? <ChartAsItWas violation={violation} evidence={change.evidence} rule={rule} /> : <ChartOfNow violation={violation} evidence={change.evidence} />)}
        </div>
        <div className={styles.stack}>
          <Changes changes={changes} at={at} onChoose={setChosen} />
          <Further violation={violation} />
          <Told violation={violation} />
        </div>
      </div>
    </>
  )
}

function Head({ violation }: { violation: Violation }) {
  const now = serverNow()
  const rule = useRule(violation.application.id, violation.rule.id)
  return (
    <>
      <div className={styles.head}>
        <StatusBadge status={violation.status} level={violation.level} />
        <h1>{violation.rule.name}</h1>
        <Violated violation={violation} />
        <span className={page.muted}>
          in <RangeLink to={paths.application(violation.application.id)}>{violation.application.name}</RangeLink>
        </span>
        {rule.data && <RangeLink to={paths.healthRule(violation.application.id, violation.rule.id)}>The rule</RangeLink>}
        {rule.error?.status === 404 && <span className={page.muted}>The rule was deleted</span>}
        <RangeLink to={paths.violations(violation.application.id)}>All violations</RangeLink>
      </div>
      <Facts
        facts={[
          ['Level', violation.level.toLowerCase()],
          ['Since', moment(violation.opened_at, now), exactMoment(violation.opened_at)],
          ['Until', violation.closed_at === null ? 'still going on' : moment(violation.closed_at, now), violation.closed_at === null ? undefined : exactMoment(violation.closed_at)],
          ['Lasted', lastedWord((violation.closed_at ?? now) - violation.opened_at)],
        ]}
      />
      {violation.summary && <p className={styles.said}>{violation.summary}</p>}
    </>
  )
}

function Decided({ violation, change }: { violation: Violation; change: ViolationChange }) {
  const { evidence } = change
  const window = windowOf(evidence)
  const nodes = useMemo(() => (evidence.nodes ?? []).map(({ id, name }) => ({ id, name, application: violation.application })), [evidence.nodes, violation.application])
  const nameOf = useNodeNames(nodes)
  return (
    <Card title={`What decided: ${changeWord(change)}`} note={evidence.conditions.length || evidence.nodes?.length ? `${plural(evidence.window_minutes, 'minute')} from ${minuteOf(window.from)}` : undefined}>
      {evidence.reason && <p className={styles.said}>{evidence.reason}</p>}
      {evidence.conditions.length > 0 && <ConditionsTable label="Conditions" conditions={evidence.conditions} />}
      {evidence.broken_nodes && (
        <p className={styles.node}>
          {evidence.broken_nodes.broken} of {plural(evidence.broken_nodes.judged, 'node')} broke the rule
        </p>
      )}
      {evidence.nodes?.map((node) => (
        <div key={node.id}>
          <p className={styles.node}>
            <RangeLink to={paths.node(violation.application.id, node.id)}>{nameOf(node)}</RangeLink>
          </p>
          <ConditionsTable label={`Conditions of ${nameOf(node)}`} conditions={node.conditions} />
        </div>
      ))}
    </Card>
  )
}

const CHART = { title: 'Over time', note: 'single minutes, drag to zoom' }

/** The minutes around it, by the rule as it was when the violation opened. */
function ChartAsItWas({ violation, evidence, rule }: { violation: Violation; evidence: Evidence; rule: Rule }) {
  const now = useRule(violation.application.id, violation.rule.id)
  const changed = now.data !== undefined && now.data.changed_at > violation.opened_at
  return (
    <Card {...CHART}>
      <ChartBody violation={violation} evidence={evidence} rule={rule} note={changed ? 'By the rule as it was then: it was changed since.' : undefined} />
    </Card>
  )
}

/** The same by the rule as it is now: of violations from before rules were kept. */
function ChartOfNow({ violation, evidence }: { violation: Violation; evidence: Evidence }) {
  const rule = useRule(violation.application.id, violation.rule.id)
  if (rule.error) return null
  return (
    <Card {...CHART}>
      <Loaded query={rule} what="the rule">
        {(known: HealthRule) => (
          <ChartBody violation={violation} evidence={evidence} rule={known.rule} note={known.changed_at > violation.opened_at ? 'The rule was changed since: this is what it says now.' : undefined} />
        )}
      </Loaded>
    </Card>
  )
}

function ChartBody({ violation, evidence, rule, note }: { violation: Violation; evidence: Evidence; rule: Rule; note: string | undefined }) {
  // An open one is charted up to when its page was opened.
  const [now] = useState(serverNow)
  const asked = useMemo(() => {
    const range = chartedOf(violation, rule.window_minutes, now)
    return range && { rule: { ...rule, enabled: true }, hours: range.hours, until: range.until, entity: violation.entity.id, alone: true }
  }, [violation, rule, now])
  const query = useChartOf(violation.application.id, asked)
  const marked = useMemo(() => windowOf(evidence), [evidence])
  if (asked === null) return <p className={styles.said}>Single minutes are kept for eight days, and this was earlier.</p>
  return (
    <div className={styles.chart}>
      <Loaded query={query} what="the chart" lines={5}>
        {(found) =>
          found.chart ? (
            <ChartEvents application={violation.application.id} about={violation.entity.id}>
              <PartialNotice partial={found.partial} />
              {note && <p className={page.muted}>{note}</p>}
              <Suspense fallback={<Loading what="the chart" />}>
                <RuleChartView chart={found.chart} rule={rule} episodes={found.episodes} to={found.to} marked={evidence.minute_ms > 0 ? marked : undefined} height={170} />
              </Suspense>
            </ChartEvents>
          ) : (
            <p className={page.muted}>The rule does not affect it any more.</p>
          )
        }
      </Loaded>
    </div>
  )
}

function Changes({ changes, at, onChoose }: { changes: ViolationChange[]; at: number; onChoose(at: number): void }) {
  const now = serverNow()
  return (
    <Card title="What happened" note="pick one to see what decided">
      <ul className={styles.changes} aria-label="Changes">
        {changes.map((change, place) => (
          <li key={`${change.at} ${change.kind}`}>
            <button type="button" aria-pressed={place === at} onClick={() => onChoose(place)}>
              <b>{changeWord(change)}</b> <time title={exactMoment(change.at)}>{moment(change.at, now)}</time>
              {change.summary && <small>{change.summary}</small>}
            </button>
          </li>
        ))}
      </ul>
    </Card>
  )
}

/** Where to look next, around the time of the violation. */
function Further({ violation }: { violation: Violation }) {
  const { application, entity, entity_kind: kind } = violation
  const range = { range: null, live: null, from: violation.opened_at - HALF_AN_HOUR, to: (violation.closed_at ?? serverNow()) + HALF_AN_HOUR }
  const ofEntity = kind === 'BUSINESS_TRANSACTION' ? { bt: entity.id } : kind === 'TIER' ? { tier: entity.id } : {}
  return (
    <Card title="At that time">
      <ul className={styles.links}>
        <li>
          <RangeLink to={kind === 'BUSINESS_TRANSACTION' ? paths.businessTransaction(application.id, entity.id) : paths.snapshots(application.id)} extra={kind === 'BUSINESS_TRANSACTION' ? { ...range, tab: 'snapshots' } : { ...range, ...ofEntity }}>
            Snapshots and traces
          </RangeLink>
        </li>
        <li>
          <RangeLink to={paths.events(application.id)} extra={range}>
            Events of the application
          </RangeLink>
        </li>
        <li>
          <RangeLink to={paths.flowMap(application.id)} extra={kind === 'TIER' || kind === 'BACKEND' || kind === 'QUEUE' ? { ...range, selected: entity.id } : range}>
            Flow map
          </RangeLink>
        </li>
        <li>
          <RangeLink to={paths.applicationLogs(application.id)} extra={range}>
            Logs
          </RangeLink>
        </li>
        <li>
          <RangeLink to={paths.violations(application.id)} extra={{ ...range, entity: entity.id }}>
            Other violations of {entity.name}
          </RangeLink>
        </li>
      </ul>
    </Card>
  )
}

/** What was told of it, to whom, and how that ended. */
function Told({ violation }: { violation: Violation }) {
  const query = useTold(violation)
  const found = query.data?.items ?? []
  if (query.error) return null
  return (
    <Card title="Notices" note="about this violation">
      {found.length === 0 ? (
        <p className={styles.told}>Nobody was told, or not yet: a policy says who is.</p>
      ) : (
        <ul className={styles.told}>
          {found.map((one) => (
            <li key={one.id}>
              <RangeLink to={paths.alerting('deliveries')} extra={{ open: one.id, application: violation.application.id }}>
                {one.action.name || 'a deleted action'}
              </RangeLink>{' '}
              {moment(one.at, serverNow())}, {STATE_WORDS[one.state].toLowerCase()}
              <div className={page.muted}>{one.title}</div>
            </li>
          ))}
          {query.data?.next && <li className={page.muted}>and earlier ones</li>}
        </ul>
      )}
    </Card>
  )
}
