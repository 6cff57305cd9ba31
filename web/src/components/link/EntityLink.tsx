import type { FlowMapNode } from '../../api/types'
import { paths } from '../../app/paths'
import { nameParts } from '../../format/names'
import { Middle } from '../name/Middle'
import { RangeLink } from './RangeLink'

/** Where an entity of a map has its page. */
export function entityPath(application: number, { kind, id }: Pick<FlowMapNode, 'kind' | 'id'>): string {
  if (kind === 'application') return paths.application(id)
  if (kind === 'node') return paths.node(application, id)
  return kind === 'tier' ? paths.tier(application, id) : paths.backend(application, id)
}

/** An entity's name, leading to its page; `extra` says to which part of it. */
export function EntityLink({ application, node, extra }: { application: number; node: Pick<FlowMapNode, 'kind' | 'id' | 'name' | 'system'>; extra?: Record<string, string> }) {
  return (
    <RangeLink to={entityPath(application, node)} extra={extra} aria-label={node.name}>
      <Middle text={nameParts(node).name} title={node.name} />
    </RangeLink>
  )
}
