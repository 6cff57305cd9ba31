import { describe, expect, it } from 'vitest'
import { filterOf, isFiltered, NOTHING, parseDuration, readSaved, savedQuery, spanParams, transactionParams, withFilter } from './filter'

const read = (query: string) => filterOf(new URLSearchParams(query))

describe('a search', () => {
  it('is what the URL says, and goes back into it', () => {
    const query = 'range=last-6h&show=spans&tier=14&outcome=ERROR&min=1.5&attr=http.route%3D%2Fcart&attr=user%3Da%3Db'
    const filter = read(query)
    expect(filter).toEqual({ show: 'spans', bt: null, tier: 14, outcome: 'ERROR', min: 1.5, max: null, attributes: ['http.route=/cart', 'user=a=b'] })
    expect(withFilter(new URLSearchParams('range=last-6h&max=3'), filter).toString()).toBe(query)
  })

  it('leaves out what cannot be read', () => {
    expect(read('bt=x&tier=-1&min=&max=1e99&attr=novalue&attr==x')).toEqual({ show: 'transactions', ...NOTHING })
    expect(isFiltered(read('show=spans&bt=x'))).toBe(false)
    expect(isFiltered(read('min=0'))).toBe(true)
  })

  it('with attributes is one of spans', () => {
    expect(read('attr=a%3D1').show).toBe('spans')
  })

  it('is asked as the server takes it', () => {
    const filter = read('bt=3&outcome=ERROR&max=20&attr=a%3D1')
    expect(spanParams(filter, 7)).toEqual({ application: 7, bt: 3, tier: null, error: true, min_duration_ms: null, max_duration_ms: 20, attribute: ['a=1'] })
    expect(transactionParams(filter, undefined)).toMatchObject({ application: undefined, outcome: 'ERROR', kept: false })
  })

  it('takes durations as people write them', () => {
    for (const [text, ms] of [['250', 250], ['250 ms', 250], ['1.5s', 1500], ['1,5 s', 1500], ['2 min', 120_000], ['800µs', 0.8], ['0', 0], ['', null], ['fast', null], ['-1', null], ['3 weeks', null]] as const) {
      expect(parseDuration(text), text).toBe(ms)
    }
  })

  it('is saved with its application and opened in it', () => {
    const query = savedQuery(new URLSearchParams('range=last-6h&min=5&sort=-start'), 3)
    expect(readSaved(query)).toEqual({ application: 3, query: 'range=last-6h&min=5' })
    expect(readSaved('min=5')).toEqual({ application: undefined, query: 'min=5' })
  })
})
