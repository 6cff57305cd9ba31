import { describe, expect, it } from 'vitest'
import type { EvidenceLink, PathStep, Suspect } from '../../api/types'
import { call, entity, mapOf } from '../FlowMap/model/testMap'
import { targetOf, troubleOf, windowOf } from './links'
import { sliceOf } from './slice'

const MINUTE = 60_000
const anomaly = { application: { id: 1, name: 'shop' }, onset_at: 1000 * MINUTE + 20_000, closed_at: null }
const now = 1030 * MINUTE

describe('the time of an anomaly', () => {
  it('is looked at from an hour before it began, in whole minutes', () => {
    expect(windowOf(anomaly, now)).toEqual({ from: 940 * MINUTE, to: now })
    expect(windowOf({ ...anomaly, closed_at: 1005 * MINUTE }, 2000 * MINUTE)).toEqual({ from: 940 * MINUTE, to: 1035 * MINUTE })
  })
  it('is a day at most', () => {
    expect(windowOf(anomaly, 9000 * MINUTE).to).toBe((940 + 1440) * MINUTE)
    expect(troubleOf(anomaly, 9000 * MINUTE)).toEqual({ from: 1000 * MINUTE, to: 2440 * MINUTE })
  })
})

describe('evidence', () => {
  const of = (link: EvidenceLink) => targetOf(link, anomaly, now)
  it('of a series leads to its model, around the anomaly', () => {
    expect(of({ kind: 'SERIES', entity: 7, entity_kind: 'NODE', measure: 'METRIC', metric: 'JVM|Heap' })).toMatchObject({ to: '/applications/1/anomaly-model', extra: { kind: 'NODE', entity: 7, measure: 'METRIC', metric: 'JVM|Heap', from: 940 * MINUTE, to: now } })
  })
  it('of a call selects it on the flow map', () => {
    expect(of({ kind: 'EDGE', from: 14, to: 21 })).toMatchObject({ to: '/applications/1/flow-map', extra: { selected: '14→21', from: 1000 * MINUTE } })
  })
  it('of traces, logs, events and errors leads to just these', () => {
    expect(of({ kind: 'TRACES', business_transaction: 105, tier: null, errors_only: true })?.extra).toMatchObject({ bt: 105, outcome: 'ERROR' })
    expect(of({ kind: 'TRACE', trace: 'a1', span: 'b2' })).toMatchObject({ to: '/traces/a1', extra: { span: 'b2' } })
    expect(of({ kind: 'LOGS', tier: 14, severity: 'ERROR', text: 'lock' })).toMatchObject({ to: '/applications/1/logs', extra: { tier: 14, severity: 'ERROR', text: 'lock' } })
    expect(of({ kind: 'EVENT', id: 4 })?.extra).toMatchObject({ event: 4 })
    expect(of({ kind: 'ERROR_GROUP', id: 9 })?.to).toBe('/applications/1/errors/9')
  })
  it('of an entity leads to its page, where it has one', () => {
    expect(of({ kind: 'ENTITY', entity: 14, entity_kind: 'TIER' })?.to).toBe('/applications/1/tiers/14')
    expect(of({ kind: 'ENTITY', entity: 3, entity_kind: 'SERVICE_ENDPOINT' })).toBe(null)
  })
})

describe('the slice of the map', () => {
  const step = (id: number, entity_kind: PathStep['entity_kind'] = 'TIER'): PathStep => ({ entity: { id, name: String(id) }, entity_kind })
  const suspect = (id: number, path: number[], more: Partial<Suspect> = {}): Suspect => ({ entity: { id, name: String(id) }, entity_kind: 'TIER', tier: null, load: false, confidence: 0.5, share_of_time: 0, share_of_errors: 0, path: path.map((one) => step(one)), victims: [], evidence: [], ...more })
  // 1 → 2 → 3, 2 → 4, 5 alone, 6 → 1
  const map = mapOf([1, 2, 3, 4, 5, 6].map((id) => entity(id, `tier-${id}`)), [call(1, 2), call(2, 3), call(2, 4), call(6, 1)])

  it('lights the path from the suspect up to who suffers, against the calls', () => {
    const slice = sliceOf(map, { path: [], suspects: [suspect(3, [3, 2, 1])] }, suspect(3, [3, 2, 1]))
    expect([...(slice?.lit.nodes ?? [])]).toEqual(['3', '2', '1'])
    expect([...(slice?.lit.edges ?? [])].sort()).toEqual(['1→2', '2→3'])
  })
  it('shows what stands beside the path, and not what has nothing to do with it', () => {
    const slice = sliceOf(map, { path: [step(3), step(2)], suspects: [suspect(3, [3, 2])] }, null)
    expect(slice?.map.nodes.map((node) => node.id)).toEqual([1, 2, 3, 4])
  })
  it('takes a node for its tier and leaves out what is on no map', () => {
    const node = suspect(77, [77, 2, 900], { entity_kind: 'NODE', tier: { id: 3, name: 'tier-3' } })
    const slice = sliceOf(map, { path: [], suspects: [node] }, node)
    expect([...(slice?.lit.nodes ?? [])]).toEqual(['3', '2'])
  })
  it('is none where nothing of it is on the map', () => {
    expect(sliceOf(map, { path: [step(900)], suspects: [] }, null)).toBe(null)
  })
})
