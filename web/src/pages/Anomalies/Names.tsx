import type { AnomalousKind, Anomaly, Ref, SuspectBrief } from '../../api/types'
import { confidenceText, KIND_WORDS, pathOfEntity, suspectText } from '../../components/anomaly/words'
import { RangeLink } from '../../components/link/RangeLink'
import page from '../page.module.css'
import styles from './Anomalies.module.css'

/** Whoever deviates or is suspected, with a way to its page where it has one. */
export function EntityName({ application, entity, kind, tagged = true }: { application: number; entity: Ref; kind: AnomalousKind; tagged?: boolean }) {
  const path = pathOfEntity(application, kind, entity.id)
  return (
    <span className={page.name}>
      {path ? <RangeLink to={path}>{entity.name}</RangeLink> : entity.name}
      {tagged && <span className={page.tag}>{KIND_WORDS[kind]}</span>}
    </span>
  )
}

/** How sure: a bar and the percentage. */
export function Confidence({ value }: { value: number }) {
  return (
    <span className={styles.confidence} title="How likely it is at fault, as far as the evidence goes">
      <svg width={44} height={7} aria-hidden>
        <rect width={44 * value} height={7} />
      </svg>
      {confidenceText(value)}
    </span>
  )
}

/** The most likely cause, or why nobody is named. */
export function TopSuspect({ of }: { of: Pick<Anomaly, 'application' | 'verdict' | 'top_suspect' | 'entity_kind'> }) {
  const { application, verdict, top_suspect: suspect } = of
  const named = suspect && verdict !== 'PENDING' && verdict !== 'NO_CLEAR_CAUSE'
  if (!named) return <span className={page.muted}>{suspectText(of)}</span>
  return <Suspected application={application.id} suspect={suspect} isLoad={verdict === 'LOAD'} />
}

/** Somebody who is suspected, and how much. */
export function Suspected({ application, suspect, isLoad = false }: { application: number; suspect: SuspectBrief; isLoad?: boolean }) {
  return (
    <span className={styles.suspect}>
      <EntityName application={application} entity={suspect.entity} kind={suspect.entity_kind} tagged={false} />
      {isLoad && <span className={page.tag}>its load</span>}
      <Confidence value={suspect.confidence} />
    </span>
  )
}
