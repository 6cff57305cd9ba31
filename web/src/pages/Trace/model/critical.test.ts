import { describe, expect, it } from 'vitest'
import { lengthOf, outlineOf, sectionsOf, stepsOf } from './critical'
import { span } from './testSpan'
import { treeOf } from './tree'

const on = (id: string, parent: string | null, start: number, duration_us: number, name = id) => span(id, parent, start, { duration_us, critical: true, name })
const texts = (spans: Parameters<typeof treeOf>[0]) => Object.fromEntries([...sectionsOf(treeOf(spans))].map(([id, own]) => [id, own.map(({ from, to }) => `${from}-${to}`).join(' ')]))

describe('critical path', () => {
  it('is each span’s time without those below it that are on the path', () => {
    expect(texts([on('root', null, 0, 100), on('b', 'root', 50, 40), on('a', 'root', 10, 30), on('c', 'b', 60, 30)])).toEqual({ root: '0-10 40-50 90-100', a: '10-40', b: '50-60', c: '60-90' })
  })

  it('leaves out what is not on it', () => {
    expect(texts([on('root', null, 0, 100), span('aside', 'root', 10, { duration_us: 80 })])).toEqual({ root: '0-100' })
  })

  it('is never longer than its root, whatever ends late or overlaps', () => {
    const spans = [on('root', null, 0, 100), on('a', 'root', 10, 50), on('b', 'root', 40, 70), on('c', 'b', 30, 90)]
    const sections = sectionsOf(treeOf(spans))
    expect([...sections.values()].reduce((sum, own) => sum + lengthOf(own), 0)).toBe(100)
    expect(texts(spans)).toEqual({ root: '0-10', a: '10-60', b: '', c: '60-100' })
  })

  it('tells by operation what takes most', () => {
    const spans = [on('root', null, 0, 100), on('q1', 'root', 10, 20, 'SELECT'), on('q2', 'root', 40, 50, 'SELECT')]
    const order = treeOf(spans)
    const steps = stepsOf(order, sectionsOf(order))
    expect(steps.map((s) => `${s.name} ${s.us} ${s.spans} ${s.span}`)).toEqual(['SELECT 70 2 q2', 'root 30 1 root'])
  })

  it('is drawn with no more boxes than there is room for', () => {
    const scale = { from: 0, to: 10_000 }
    expect(outlineOf([{ from: 0, to: 500 }, { from: 505, to: 1000 }, { from: 2000, to: 2001 }], scale)).toBe('M0 0H100V1H0ZM200 0H201V1H200Z')
    expect(outlineOf([{ from: 0, to: 500 }], { from: 250, to: 1250 })).toBe('M0 0H250V1H0Z')
    expect(outlineOf([{ from: 0, to: 500 }], { from: 600, to: 700 })).toBe('')
    const many = Array.from({ length: 10_000 }, (_, i) => ({ from: i, to: i + 0.5 }))
    expect(outlineOf(many, scale).split('M').length).toBeLessThan(600)
  })
})
