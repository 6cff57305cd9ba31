import type { Event, EventEntity } from '../../api/types'
import { paths } from '../../app/paths'
import { RangeLink } from '../../components/link/RangeLink'
import { withTier } from '../../components/name/sameNames'
import page from '../page.module.css'

/** The page of an entity, where it has one. */
function pathOf(application: number, { kind, id }: EventEntity): string | null {
  switch (kind) {
    case 'APPLICATION':
      return paths.application(id)
    case 'TIER':
      return paths.tier(application, id)
    case 'NODE':
      return paths.node(application, id)
    case 'BUSINESS_TRANSACTION':
      return paths.businessTransaction(application, id)
    case 'BACKEND':
    case 'QUEUE':
      return paths.backend(application, id)
    case 'ERROR_GROUP':
      return paths.error(application, id)
    case 'HEALTH_RULE':
      return paths.healthRule(application, id)
    default:
      return null
  }
}

const WORDS: Record<EventEntity['kind'], string> = {
  APPLICATION: 'application',
  TIER: 'tier',
  NODE: 'node',
  BUSINESS_TRANSACTION: 'business transaction',
  SERVICE_ENDPOINT: 'service endpoint',
  BACKEND: 'backend',
  QUEUE: 'queue',
  ERROR_GROUP: 'error',
  HEALTH_RULE: 'health rule',
  POLICY: 'policy',
  ACTION: 'action',
  OTHER: '',
}

/** Whom an event affects, each with a link to its page. `narrowest`: only the last one, which the others hold. */
export function Affected({ event, narrowest = false }: { event: Event; narrowest?: boolean }) {
  const shown = narrowest ? event.affected.slice(-1) : event.affected
  if (shown.length === 0) return <span className={page.muted}>the account</span>
  return shown.map((entity) => <Entity key={`${entity.kind} ${entity.id}`} entity={entity} application={event.application?.id} />)
}

export function Entity({ entity, application }: { entity: EventEntity; application: number | undefined }) {
  const path = application === undefined ? null : pathOf(application, entity)
  const word = WORDS[entity.kind]
  const name = entity.tier ? withTier(entity.tier.name, entity.name) : entity.name
  return (
    <span className={page.name}>
      {path ? <RangeLink to={path}>{name}</RangeLink> : name}
      {word && <span className={page.tag}>{word}</span>}
    </span>
  )
}
