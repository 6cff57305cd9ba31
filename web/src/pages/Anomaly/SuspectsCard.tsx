import { IconArrowNarrowRight } from '@tabler/icons-react'
import type { AnomalyDetail, CauseEvidence, PathStep, Suspect } from '../../api/types'
import { confidenceText, isLookedFor, KIND_WORDS } from '../../components/anomaly/words'
import { Card } from '../../components/card/Card'
import { RangeLink } from '../../components/link/RangeLink'
import { percent } from '../../format/numbers'
import { exactMoment, moment } from '../../format/times'
import { serverNow } from '../../time/clock'
import { Confidence, EntityName } from '../Anomalies/Names'
import page from '../page.module.css'
import styles from './Anomaly.module.css'
import { targetOf } from './links'

interface Props {
  detail: AnomalyDetail
  /** Whose path the map shows. */
  chosen: number
  onChoose(place: number): void
}

/** Who is suspected, ranked, and what speaks for it; each piece of evidence leads to where it can be seen. */
export function SuspectsCard({ detail, chosen, onChoose }: Props) {
  const { suspects, anomaly, no_clear_cause: unclear } = detail
  return (
    <Card title="Suspects" note={suspects.length > 0 ? `most likely first; ${confidenceText(unclear)} that it is none of them` : undefined}>
      {anomaly.verdict === 'PENDING' && (
        <p className={styles.remark}>
          {isLookedFor(anomaly.entity_kind)
            ? 'The cause is still looked for: it is told once what the suspects did is known, a minute or two after the anomaly opened.'
            : 'Causes are looked for of business transactions and tiers: whatever suffers from this has an anomaly of its own, which would name it.'}
        </p>
      )}
      {anomaly.verdict === 'NO_CLEAR_CAUSE' && <p className={styles.remark}>No clear cause: nothing that was reported explains it well enough to name somebody.{suspects.length > 0 && ' Those below come nearest.'}</p>}
      {anomaly.verdict === 'LOAD' && <p className={styles.remark}>The load rose, and with it what deviates: nobody does anything else than before.</p>}
      <ol className={styles.suspects} aria-label="Suspects">
        {suspects.map((suspect, place) => (
          <SuspectItem key={`${suspect.entity_kind} ${suspect.entity.id} ${suspect.load}`} suspect={suspect} place={place} detail={detail} chosen={place === chosen} onChoose={() => onChoose(place)} />
        ))}
      </ol>
    </Card>
  )
}

function SuspectItem({ suspect, place, detail, chosen, onChoose }: { suspect: Suspect; place: number; detail: AnomalyDetail; chosen: boolean; onChoose(): void }) {
  const application = detail.anomaly.application.id
  return (
    <li data-chosen={chosen || undefined}>
      <div className={styles.suspectHead}>
        <b className={styles.rank}>{place + 1}</b>
        <EntityName application={application} entity={suspect.entity} kind={suspect.entity_kind} />
        {suspect.tier && suspect.tier.id !== suspect.entity.id && <span className={page.muted}>of {suspect.tier.name}</span>}
        {suspect.load && <span className={page.tag}>its load</span>}
        <Confidence value={suspect.confidence} />
        <button type="button" className={page.pick} aria-pressed={chosen} aria-label={`Show the path of ${suspect.entity.name}`} onClick={onChoose}>
          {chosen ? 'path shown' : 'show its path'}
        </button>
      </div>
      <p className={styles.shares}>{sharesText(suspect)}</p>
      <ul className={styles.evidence} aria-label={`Evidence against ${suspect.entity.name}`}>
        {suspect.evidence.map((evidence) => (
          <EvidenceItem key={`${evidence.kind} ${evidence.text}`} evidence={evidence} detail={detail} />
        ))}
        {suspect.evidence.length === 0 && <li className={page.muted}>Nothing but its place in the calls.</li>}
      </ul>
      {suspect.victims.length > 0 && (
        <p className={styles.shares}>
          Suffers from it: <Steps steps={suspect.victims} application={application} />
        </p>
      )}
    </li>
  )
}

/** What of the trouble it adds itself. */
function sharesText({ share_of_time: time, share_of_errors: errors }: Suspect): string {
  const parts = [time >= 0.005 ? `${percent(Math.round(time * 100))} of the extra time` : '', errors >= 0.005 ? `${percent(Math.round(errors * 100))} of the extra errors` : ''].filter(Boolean)
  return parts.length ? `Adds ${parts.join(' and ')} itself, beyond what it passes on.` : 'Adds no time and no errors that can be told from what it passes on.'
}

function Steps({ steps, application }: { steps: PathStep[]; application: number }) {
  return (
    <span className={styles.steps}>
      {steps.map((step) => (
        <span key={`${step.entity_kind} ${step.entity.id}`} title={KIND_WORDS[step.entity_kind]}>
          <EntityName application={application} entity={step.entity} kind={step.entity_kind} tagged={false} />
        </span>
      ))}
    </span>
  )
}

function EvidenceItem({ evidence, detail }: { evidence: CauseEvidence; detail: AnomalyDetail }) {
  const now = serverNow()
  const target = targetOf(evidence.link, detail.anomaly, now)
  return (
    <li title={`weighs ${evidence.weight.toFixed(1)} nats`}>
      <IconArrowNarrowRight size={14} aria-hidden />
      <span>
        {target ? (
          <RangeLink to={target.to} extra={target.extra}>
            {evidence.text}
          </RangeLink>
        ) : (
          evidence.text
        )}
        {target && <small> {target.word}</small>}
        {evidence.at !== null && (
          <small>
            {' '}
            <time title={exactMoment(evidence.at)}>{moment(evidence.at, now)}</time>
          </small>
        )}
      </span>
    </li>
  )
}
