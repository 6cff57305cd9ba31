import { describe, expect, it } from 'vitest'
import type { MetricSeries } from '../../api/types'
import { arranged, below, restartsOf } from './model'

const MINUTE = 60_000
const series = (path: string, values = [1]): MetricSeries => ({ path: `Application Infrastructure Performance|web|Individual Nodes|web-1|${path}`, unit: '', points: values.map((value, i) => ({ at: i * MINUTE, value, min: value, max: value, sum: value, count: 1 })), expected: null })

describe('a node’s metrics', () => {
  it('are drawn by what they are of, and what is missing says how to get it', () => {
    const { charts, missing } = arranged([series('Node.js|Event Loop|Utilization %'), series('Node.js|Memory|Heap|Committed (MB)'), series('Node.js|Memory|Heap|Current Usage (MB)')], 'nodejs')
    expect(charts.map((c) => [c.title, ...c.lines.map((l) => l.label)])).toEqual([['Node.js heap', 'used', 'committed'], ['Event loop', 'utilization']])
    expect(missing.map((m) => m.title)).toEqual(['Garbage collection', 'Threads', 'Process CPU', 'Hardware: CPU', 'Hardware: memory', 'Hardware: disks and network'])
    expect(missing[0]?.how).toContain('OTEL_METRICS_EXPORTER=otlp')
  })

  it('of one runtime are not missed at another', () => {
    const titles = arranged([], 'java').missing.map((m) => m.title)
    expect(titles).toContain('Heap')
    expect(titles).not.toContain('Event loop')
    expect(arranged([], null).missing.every((m) => m.how.length > 0)).toBe(true)
  })

  it('without a point in the range are not drawn', () => {
    expect(arranged([series('Hardware Resources|CPU|%Busy', [])], 'java').charts).toEqual([])
  })

  it('keep the part of the path below the node', () => {
    expect(below(series('Process|Uptime (s)').path)).toBe('Process|Uptime (s)')
  })
})

describe('restarts', () => {
  const points = (...values: number[]) => values.map((value, i) => ({ at: i * MINUTE, value }))

  it('are where the uptime falls back', () => {
    expect(restartsOf(points(600, 660, 12, 72, 132))).toEqual([2 * MINUTE - 12_000])
    expect(restartsOf(points(600, 5, 65, 20))).toEqual([3 * MINUTE - 20_000, MINUTE - 5000])
  })

  it('are none while it grows, or falls by a rounding', () => {
    expect(restartsOf(points(600, 660, 655, 720))).toEqual([])
    expect(restartsOf([])).toEqual([])
  })
})
