import { describe, expect, it } from 'vitest'
import { viewOf } from './grouping'
import { placed } from './layout'
import { COLUMN, NODE_HEIGHT, NODE_WIDTH, type Link, type Placeable } from './measures'
import { largeMap } from './testMap'
import type { Point } from './view'

const fresh = (ids: string[]): Placeable[] => ids.map((id) => ({ id, at: null }))
const link = (from: string, to: string): Link => ({ from, to })
const standing = (places: Map<string, Point>): Placeable[] => [...places].map(([id, at]) => ({ id, at }))

function expectNoOverlap(places: Map<string, Point>) {
  const all = [...places]
  all.forEach(([a, p], i) => {
    for (const [b, q] of all.slice(i + 1)) {
      if (Math.abs(p.x - q.x) < NODE_WIDTH && Math.abs(p.y - q.y) < NODE_HEIGHT) expect.fail(`${a} covers ${b}`)
    }
  })
}

const shop = ['storefront', 'catalog', 'orders', 'db', 'queue', 'mailer']
const calls = [link('storefront', 'catalog'), link('storefront', 'orders'), link('catalog', 'db'), link('orders', 'db'), link('orders', 'queue'), link('queue', 'mailer')]

describe('layout', () => {
  it('puts callers left of what they call', () => {
    const places = placed(fresh(shop), calls)
    for (const { from, to } of calls) expect(places.get(from)?.x).toBeLessThan(places.get(to)?.x ?? 0)
    expectNoOverlap(places)
  })

  it('calls of one to many leave room between them', () => {
    const backends = Array.from({ length: 14 }, (_, i) => `backend-${i}`)
    const places = placed(fresh(['shop', ...backends]), backends.map((b) => link('shop', b)))
    const first = places.get('backend-0')
    const last = places.get('backend-13')
    const apart = (first?.x ?? 0) - (places.get('shop')?.x ?? 0)
    expect(apart).toBe(3 * COLUMN)
    expect(apart).toBeLessThan(Math.abs((last?.y ?? 0) - (first?.y ?? 0)))
  })

  it('a map that is wide already is as wide as it was', () => {
    const places = placed(fresh(shop), calls)
    expect((places.get('catalog')?.x ?? 0) - (places.get('storefront')?.x ?? 0)).toBe(COLUMN)
  })

  it('gives the same places whatever order entities and calls come in', () => {
    const one = placed(fresh(shop), calls)
    const other = placed(fresh([...shop].reverse()), [...calls].reverse())
    for (const id of shop) expect(other.get(id)).toEqual(one.get(id))
  })

  it('a new entity moves no other and covers none', () => {
    const before = placed(fresh(shop), calls)
    const after = placed([...standing(before), ...fresh(['payments'])], [...calls, link('orders', 'payments')])
    for (const id of shop) expect(after.get(id)).toEqual(before.get(id))
    expect(after.get('payments')?.x).toBeGreaterThan(before.get('orders')?.x ?? 0)
    expectNoOverlap(after)
  })

  it('many new entities at once move no other and cover none', () => {
    const before = placed(fresh(shop), calls)
    const news = Array.from({ length: 30 }, (_, i) => `backend-${i}`)
    const after = placed([...standing(before), ...fresh(news)], [...calls, ...news.map((n) => link('catalog', n))])
    for (const id of shop) expect(after.get(id)).toEqual(before.get(id))
    expectNoOverlap(after)
  })

  it('a new caller stands left of what it calls', () => {
    const before = placed(fresh(shop), calls)
    const after = placed([...standing(before), ...fresh(['partner'])], [...calls, link('partner', 'orders')])
    expect(after.get('partner')?.x).toBeLessThan(before.get('orders')?.x ?? 0)
  })

  it('a dragged entity stays where it was put although a layout would put it elsewhere', () => {
    const places = placed([{ id: 'storefront', at: { x: 5000, y: 77 } }, ...fresh(['catalog'])], [link('storefront', 'catalog')])
    expect(places.get('storefront')).toEqual({ x: 5000, y: 77 })
    expect(places.get('catalog')?.x).toBeGreaterThan(5000)
  })

  it('entities without calls stand below, not in one endless column', () => {
    const places = placed(fresh([...shop, ...Array.from({ length: 40 }, (_, i) => `loose-${i}`)]), calls)
    expectNoOverlap(places)
    expect(new Set([...places.values()].map((p) => p.x)).size).toBeGreaterThan(3)
  })

  it('a dense map of 200 is about twice as wide as high, what calls nothing last', () => {
    const map = largeMap(200)
    const ids = map.nodes.map((n) => String(n.id))
    const links = map.edges.map((e) => link(String(e.from), String(e.to)))
    const places = placed(fresh(ids), links)
    expectNoOverlap(places)
    const all = [...places.values()]
    const spread = (of: (p: Point) => number) => Math.max(...all.map(of)) - Math.min(...all.map(of))
    expect(spread((p) => p.x) / spread((p) => p.y)).toBeGreaterThan(1.2)
    expect(spread((p) => p.x) / spread((p) => p.y)).toBeLessThan(4)
    const callers = new Set(links.map((l) => l.from))
    const last = (wanted: boolean) => ids.filter((id) => callers.has(id) === wanted).map((id) => places.get(id)?.x ?? 0)
    expect(Math.min(...last(false))).toBeGreaterThan(Math.max(...last(true)))
    expect(placed(fresh(ids.toReversed()), links.toReversed())).toEqual(places)
  })

  it('places the members of expanded groups among 1,000 entities without moving or covering any', { timeout: 20_000 }, () => {
    const map = largeMap(1000)
    const collapsed = viewOf(map, new Set())
    const before = placed(collapsed.nodes, collapsed.edges)
    const expanded = viewOf(map, new Set(collapsed.groups))
    const after = placed(expanded.nodes.map((n) => ({ ...n, near: before.get(expanded.memberOf.get(n.anchor) ?? '') ?? null })), expanded.edges)
    expect(after.size).toBe(1000)
    expectNoOverlap(after)
  })
})
