import { describe, expect, it } from 'vitest'
import { focused } from './focus'
import { GROUP_ABOVE, prefixOf, viewOf } from './grouping'
import { mergeFigures } from './mergeFigures'
import { call, entity, figures, largeMap, mapOf } from './testMap'

const none = new Set<string>()

describe('grouping', () => {
  it('leaves 40 entities as they are', () => {
    const view = viewOf(largeMap(GROUP_ABOVE), none)
    expect(view.nodes).toHaveLength(GROUP_ABOVE)
    expect(view.groups).toEqual([])
  })

  it('above 40 shows leaf backends by type and tiers by prefix', () => {
    const view = viewOf(largeMap(200), none)
    expect(view.groups).toContain('group:backend:DATABASE')
    expect(view.groups).toContain('group:tier:orders')
    expect(view.nodes.length).toBeLessThan(20)
  })

  it('loses no call: what is between groups is what was between their members', () => {
    const map = largeMap(200)
    const view = viewOf(map, none)
    const between = map.edges.filter((e) => view.shownAs.get(e.from) !== view.shownAs.get(e.to))
    const calls = (list: { figures: { calls: number } }[]) => list.reduce((sum, e) => sum + e.figures.calls, 0)
    expect(calls(view.edges)).toBe(calls(between))
  })

  it('an expanded group shows its members and leaves the others grouped', () => {
    const view = viewOf(largeMap(200), new Set(['group:tier:orders']))
    expect(view.nodes.some((n) => n.kind === 'tier' && n.name.startsWith('orders-'))).toBe(true)
    expect(view.nodes.some((n) => n.id === 'group:tier:orders')).toBe(false)
    expect(view.nodes.some((n) => n.id === 'group:backend:DATABASE')).toBe(true)
  })

  it('a group stands where its oldest member is stored, so that a new member does not move it', () => {
    const map = largeMap(200)
    const nodes = map.nodes.map((n) => (n.name === 'orders-1' ? { ...n, x: 300, y: 40 } : n))
    const at = (all: typeof nodes) => viewOf(mapOf(all, map.edges), none).nodes.find((n) => n.id === 'group:tier:orders')?.at
    expect(at(nodes)).toEqual({ x: 300, y: 40 })
    expect(at([...nodes, entity(5000, 'orders-new')])).toEqual({ x: 300, y: 40 })
  })

  it('a backend that itself calls is no leaf', () => {
    const map = largeMap(200)
    const proxy = entity(999, 'proxy:3306', { kind: 'backend', type: 'DATABASE' })
    const view = viewOf(mapOf([...map.nodes, proxy], [...map.edges, call(999, 3)]), none)
    expect(view.nodes.some((n) => n.id === '999')).toBe(true)
  })

  it('two edges between one pair are drawn as one, parts kept', () => {
    const view = viewOf(mapOf([entity(1, 'a'), entity(2, 'b')], [call(1, 2, 10), call(1, 2, 5, { type: 'RPC' })]), none)
    expect(view.edges).toHaveLength(1)
    expect(view.edges[0]?.figures.calls).toBe(15)
    expect(view.edges[0]?.parts).toHaveLength(2)
  })

  it('knows the group of an entity, expanded or not', () => {
    expect(viewOf(largeMap(200), new Set(['group:tier:orders'])).memberOf.get(7)).toBe('group:tier:orders')
    expect(viewOf(largeMap(20), none).memberOf.size).toBe(0)
  })

  it('a prefix needs something behind it', () => {
    expect(prefixOf('orders-api')).toBe('orders')
    expect(prefixOf('orders')).toBe(null)
    expect(prefixOf('a-b')).toBe(null)
  })
})

describe('figures of several', () => {
  it('weights response times by calls', () => {
    const merged = mergeFigures([figures(90, { average_ms: 10 }), figures(10, { average_ms: 110 })])
    expect(merged.average_ms).toBe(20)
    expect(merged.calls).toBe(100)
  })

  it('has no percentile, which cannot be made from percentiles', () => {
    expect(mergeFigures([figures(90, { p95_ms: 30 }), figures(10, { p95_ms: 40 })]).p95_ms).toBe(null)
  })

  it('is sampled as its calls are', () => {
    expect(mergeFigures([figures(90), figures(10, { sampled_percent: 10 })]).sampled_percent).toBe(91)
    expect(mergeFigures([figures(90), figures(10)]).sampled_percent).toBe(null)
  })

  it('has no response time when nothing was called', () => {
    expect(mergeFigures([figures(0), figures(0)]).average_ms).toBe(null)
  })
})

describe('focus', () => {
  it('keeps what is within n hops either way', () => {
    const view = viewOf(mapOf([1, 2, 3, 4].map((id) => entity(id, `t${id}`)), [call(1, 2), call(2, 3), call(3, 4)]), none)
    const names = (hops: number) => focused(view, '2', hops).nodes.map((n) => n.id)
    expect(names(0)).toEqual(['2'])
    expect(names(1)).toEqual(['1', '2', '3'])
    expect(names(2)).toEqual(['1', '2', '3', '4'])
  })
})

describe('groups of a layout', () => {
  const map = mapOf([entity(1, 'shop-web'), entity(2, 'shop-api'), entity(3, 'pay'), entity(4, 'db', { kind: 'backend', type: 'DATABASE' })], [call(1, 2), call(2, 3), call(3, 4), call(2, 4)])

  it('are tiers by prefix and entities by hand, an entity in the first that names it', () => {
    const view = viewOf(map, none, [{ name: 'Shop', prefix: 'shop-', members: [] }, { name: 'Money, all', prefix: '', members: [2, 3, 4] }, { name: 'Gone', prefix: 'x', members: [] }])
    expect(view.nodes.map((n) => [n.name, n.members.length])).toEqual([['Shop', 2], ['Money, all', 2]])
    expect(view.edges.map((e) => [e.from === view.groups[0], e.to === view.groups[1], e.parts.length])).toEqual([[true, true, 2]])
    // Keys stand in the address, several joined by commas.
    expect(view.groups.every((key) => !key.includes(','))).toBe(true)
  })

  it('open like all groups', () => {
    const groups = [{ name: 'Shop', prefix: 'shop-', members: [] }]
    const [key = ''] = viewOf(map, none, groups).groups
    expect(viewOf(map, new Set([key]), groups).nodes.map((n) => n.name)).toEqual(['shop-web', 'shop-api', 'pay', 'db'])
  })
})
