import type { Sparkline } from '../../api/types'

export interface Shape {
  line: string
  area: string
  /** Points between gaps, which have no line. */
  dots: [number, number][]
}

/** The SVG path of a sparkline: the scale starts at zero, a null breaks the line, a lone point is a dot within the box. */
export function sparklinePath(values: Sparkline, width: number, height: number): Shape {
  const top = Math.max(...values.map((v) => v ?? 0), 0)
  const x = (i: number) => round(values.length < 2 ? width / 2 : (i / (values.length - 1)) * width)
  const y = (v: number) => round(height - 1 - (top === 0 ? 0 : (v / top) * (height - 2)))
  const runs: [number, number][][] = [[]]
  values.forEach((value, i) => {
    if (value === null) runs.push([])
    else runs.at(-1)?.push([x(i), y(value)])
  })
  const drawn = runs.filter((run) => run.length > 0)
  const lineOf = (run: [number, number][]) => run.map(([px, py], i) => `${i ? 'L' : 'M'}${px} ${py}`).join('')
  const lines = drawn.filter((run) => run.length > 1)
  const inside = ([px, py]: [number, number]): [number, number] => [clamped(px, width), clamped(py, height)]
  return {
    line: lines.map(lineOf).join(''),
    dots: drawn.filter((run) => run.length === 1).flatMap((run) => run.map(inside)),
    area: lines.map((run) => `${lineOf(run)}L${run.at(-1)?.[0]} ${height}L${run[0]?.[0]} ${height}Z`).join(''),
  }
}

export const DOT = 2
const clamped = (at: number, size: number) => Math.min(size - DOT, Math.max(DOT, at))
const round = (n: number) => Math.round(n * 10) / 10
