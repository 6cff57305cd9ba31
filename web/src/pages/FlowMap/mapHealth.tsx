// How the entities of a map are by their health rules: asked for once by the map, read by each entity.
import { createContext, useContext } from 'react'
import { HealthSign, HEALTH_WORDS, reasonOf } from '../../components/health/HealthIcon'
import type { Healthy, HealthOf } from '../../components/health/queries'
import type { MapNode } from './model/view'

export const MapHealthContext = createContext<HealthOf>(() => undefined)

const isBad = (known: Healthy | undefined): known is Healthy => known?.health === 'WARNING' || known?.health === 'CRITICAL'

/** The sign of an entity, or of the worst of a group, that violates a rule; nothing where none does. */
export function MapHealth({ entity }: { entity: Pick<MapNode, 'id' | 'members' | 'name'> }) {
  const healthOf = useContext(MapHealthContext)
  const all = (entity.members.length > 0 ? entity.members.map((one) => one.id) : [Number(entity.id)]).map(healthOf).filter(isBad)
  const worst = all.find((one) => one.health === 'CRITICAL') ?? all[0]
  if (!worst) return null
  return (
    <span role="img" aria-label={`Health: ${HEALTH_WORDS[worst.health]}`} title={reasonOf(worst)}>
      <HealthSign health={worst.health} size={15} />
    </span>
  )
}
