import { describe, expect, it } from 'vitest'
import type { Span } from '../../../api/types'
import { span } from './testSpan'
import { traceMap } from './traceMap'
import { treeOf } from './tree'

const WEB = { id: 1, name: 'web' }
const ORDERS = { id: 2, name: 'orders' }
const WORKER = { id: 3, name: 'worker' }
const exit = (type: string, kind: string, name: string, id = 0): Partial<Span> => ({ role: 'exit', exit: { type, target: { id, name, kind } } })

const shop = [
  span('r', null, 0, { tier: WEB, role: 'entry' }),
  span('c', 'r', 1, { tier: WEB, ...exit('HTTP', 'tier', 'orders', 2) }),
  span('o', 'c', 2, { tier: ORDERS, role: 'entry', status: 'ERROR', duration_us: 3000 }),
  span('q1', 'o', 3, { tier: ORDERS, ...exit('DATABASE', 'backend', 'mysql db:3306/shop'), duration_us: 1000 }),
  span('q2', 'o', 4, { tier: ORDERS, ...exit('DATABASE', 'backend', 'mysql db:3306/shop'), duration_us: 2000, status: 'ERROR' }),
  span('p', 'o', 5, { tier: ORDERS, ...exit('MESSAGING', 'queue', 'rabbitmq placed') }),
  span('w', 'p', 6, { tier: WORKER, role: 'entry' }),
]

describe('the flow map of a trace', () => {
  const { nodes, edges } = traceMap(treeOf(shop))

  it('has the tiers that took part and whom they called', () => {
    expect(nodes.map((n) => `${n.id} ${n.type} ${n.system ?? '–'} ${n.figures?.calls} ${n.figures?.errors}${n.entry ? ' entry' : ''}`)).toEqual([
      'tier:1 tier – 1 0 entry',
      'tier:2 tier – 1 1',
      'backend:mysql db:3306/shop DATABASE mysql 2 1',
      'queue:rabbitmq placed MESSAGING rabbitmq 1 0',
      'tier:3 tier – 1 0',
    ])
  })

  it('has an edge for each pair, and both sides of a queue', () => {
    expect(edges.map((e) => `${e.id} ${e.type} ${e.figures.calls} ${e.figures.average_ms} ${e.figures.error_percent}${e.async ? ' async' : ''}`)).toEqual([
      'tier:1→tier:2 HTTP 1 0.01 0',
      'tier:2→backend:mysql db:3306/shop DATABASE 2 1.5 50',
      'tier:2→queue:rabbitmq placed MESSAGING 1 0.01 0 async',
      'queue:rabbitmq placed→tier:3 MESSAGING 1 0.01 0 async',
    ])
  })
})
