import { describe, expect, it } from 'vitest'
import type { LogRecord } from '../../../api/types'
import { askedOf, attributeProblem, attributeText, filterOf, isTraceId, withChange } from './filter'
import { added, EMPTY, MAX_HELD, type Tail } from './tail'

describe('the filter in the URL', () => {
  it('is read, changed and asked for', () => {
    const params = new URLSearchParams('range=last-15m&text=lost&severity=ERROR&severity=FATAL&severity=LOUD&tier=5&tier=6&node=x&attribute=a%3D1')
    const filter = filterOf(params, 3)
    expect(filter).toEqual({ application: 3, text: 'lost', severities: ['ERROR', 'FATAL'], tier: 5, node: null, logger: '', trace: '', attributes: ['a=1'] })
    expect(askedOf(filter)).toMatchObject({ application: 3, severity: ['ERROR', 'FATAL'], attribute: ['a=1'] })
    const after = withChange(params, { severities: [], tier: null, logger: 'app', attributes: ['a=1', 'b=2'] })
    expect(after.toString()).toBe('range=last-15m&text=lost&node=x&logger=app&attribute=a%3D1&attribute=b%3D2')
  })

  it('takes only what can be asked', () => {
    expect(isTraceId('5B8efff798038103d269b633813fc60c')).toBe(true)
    expect(isTraceId('0'.repeat(32))).toBe(false)
    expect(attributeProblem('=x')).not.toBe(null)
    expect(attributeProblem('a=')).toBe(null)
    expect(attributeText('code.line', 7)).toBe('code.line=7')
    expect(attributeText('list', [1])).toBe(null)
    expect(attributeText('a=b', 1)).toBe(null)
  })
})

describe('the tail', () => {
  const record = (at: number) => ({ id: `r${at}`, at }) as LogRecord
  const poll = (tail: Tail, ats: number[], from: number, to: number, more = false) => added(tail, ats.map(record), { from, to, more })
  const ats = (tail: Tail) => tail.records.map((r) => r.at)

  it('holds each record once and puts late ones in their place', () => {
    const first = poll(EMPTY, [90, 80], 40, 100)
    const second = poll(first, [102, 90, 85, 80], 42, 102)
    expect(ats(second)).toEqual([102, 90, 85, 80])
    expect([second.gaps, second.dropped]).toEqual([0, 0])
  })

  it('says when records between two polls were not fetched', () => {
    const first = poll(EMPTY, [90], 40, 100, true)
    expect(first.gaps).toBe(0)
    expect(poll(first, [150, 120], 90, 150, true).gaps).toBe(1)
    expect(poll(first, [150, 95], 90, 150, true).gaps).toBe(0)
    expect(poll(first, [400], 340, 400).gaps).toBe(1)
  })

  it('is bounded and counts what leaves', () => {
    const full = poll(EMPTY, Array.from({ length: MAX_HELD }, (_, i) => MAX_HELD - i), 0, MAX_HELD)
    const over = poll(full, [MAX_HELD + 2, MAX_HELD + 1], 1, MAX_HELD + 2)
    expect(over.records).toHaveLength(MAX_HELD)
    expect([over.records[0]?.at, over.dropped]).toEqual([MAX_HELD + 2, 2])
  })

  it('keeps its records as they are when a poll brings nothing new', () => {
    const first = poll(EMPTY, [90], 40, 100)
    expect(poll(first, [90], 41, 101).records).toBe(first.records)
  })
})
