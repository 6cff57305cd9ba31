import { describe, expect, it } from 'vitest'
import { viewOf } from './grouping'
import { PlaceBook } from './PlaceBook'
import { call, entity, largeMap, mapOf } from './testMap'

const none = new Set<string>()

describe('places of a map', () => {
  it('stay on refresh although nothing could be stored', () => {
    const book = new PlaceBook()
    const shop = mapOf([entity(1, 'a'), entity(2, 'b')], [call(1, 2)])
    const before = book.resolve(viewOf(shop, none), null)
    const grown = mapOf([...shop.nodes, entity(3, 'c')], [call(1, 3), ...shop.edges])
    const after = book.resolve(viewOf(grown, none), null)
    for (const [id, at] of before) expect(after.get(id)).toEqual(at)
  })

  it('what is stored wins over what is remembered', () => {
    const book = new PlaceBook()
    const shop = mapOf([entity(1, 'a'), entity(2, 'b')], [call(1, 2)])
    book.resolve(viewOf(shop, none), null)
    const moved = mapOf([entity(1, 'a', { x: 900, y: 40, pinned: true }), entity(2, 'b')], [call(1, 2)])
    expect(book.resolve(viewOf(moved, none), null).get('1')).toEqual({ x: 900, y: 40 })
  })

  it('what was moved and is not stored stays where it was put', () => {
    const book = new PlaceBook()
    const stored = viewOf(mapOf([entity(1, 'a', { x: 900, y: 40 }), entity(2, 'b', { x: 1200, y: 40 })], [call(1, 2)]), none)
    book.resolve(stored, null)
    book.move(null, '1', { x: 10, y: 20 })
    book.keepHere()
    const after = book.resolve(stored, null)
    expect(after.get('1')).toEqual({ x: 10, y: 20 })
    expect(after.get('2')).toEqual({ x: 1200, y: 40 })
  })

  it('opening a group moves nothing else, and closing it puts it back', () => {
    const book = new PlaceBook()
    const map = largeMap(200)
    const closed = book.resolve(viewOf(map, none), null)
    const open = book.resolve(viewOf(map, new Set(['group:tier:orders'])), null)
    for (const [id, at] of closed) if (id !== 'group:tier:orders') expect(open.get(id)).toEqual(at)
    expect(book.resolve(viewOf(map, none), null)).toEqual(closed)
  })

  it('a part has its own places and leaves the whole alone', () => {
    const book = new PlaceBook()
    const view = viewOf(mapOf([entity(1, 'a', { x: 700, y: 700 }), entity(2, 'b')], [call(1, 2)]), none)
    const whole = book.resolve(view, null)
    expect(book.resolve(view, 'focus:1').get('1')).not.toEqual(whole.get('1'))
    book.move('focus:1', '1', { x: 1, y: 1 })
    expect(book.resolve(view, 'focus:1').get('1')).toEqual({ x: 1, y: 1 })
    expect(book.resolve(view, null)).toEqual(whole)
  })
})
