import { describe, expect, it } from 'vitest'
import { alikeOf, applicationsToAsk, withDistinctNodes } from './sameNames'

const node = (id: number, name: string, application = 1) => ({ id, name, application: { id: application } })

describe('nodes of one name', () => {
  it('are those of one application that are not the same node', () => {
    const nodes = [node(1, 'host'), node(2, 'host'), node(3, 'other'), node(3, 'other'), node(4, 'host', 2)]
    expect([...alikeOf(nodes)]).toEqual([[1, 1], [2, 1]])
    expect(applicationsToAsk(nodes)).toEqual([1])
  })

  it('are asked for once an application, and not at all where every name is told once', () => {
    expect(applicationsToAsk([node(1, 'a', 2), node(2, 'a', 2), node(3, 'b', 1), node(4, 'b', 1)])).toEqual([1, 2])
    expect(applicationsToAsk([node(1, 'a'), node(2, 'b')])).toEqual([])
  })

  it('are called by their tier too, and nothing else of the row changes', () => {
    const row = (id: number, name: string, tier: string | null, kind = 'NODE') => ({ id: `row ${id}`, application: { id: 1 }, entity: { id, name }, entity_kind: kind, tier: tier === null ? null : { name: tier } })
    const rows = withDistinctNodes([row(1, 'host', 'cart'), row(2, 'host', 'web'), row(1, 'host', 'cart'), row(3, 'alone', 'web'), row(4, 'host', null, 'TIER'), row(5, 'host', null)])
    expect(rows.map(({ entity }) => entity.name)).toEqual(['cart › host', 'web › host', 'cart › host', 'alone', 'host', 'host'])
    expect(rows[1]).toEqual({ ...row(2, 'web › host', 'web') })
  })
})
