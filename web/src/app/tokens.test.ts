import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

/** How a colour is seen: by everybody, and by who lacks one kind of cones (Machado, Oliveira and Fernandes 2009, severity 1). */
const SEEN = {
  'full colour': [1, 0, 0, 0, 1, 0, 0, 0, 1],
  protanopia: [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998],
  deuteranopia: [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.01182, 0.04294, 0.968881],
  tritanopia: [1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.303900],
}
/** CIE76. About 2 is the least that is seen side by side; thin lines apart from each other need far more. */
const LEAST_APART = 18
/** Of what is no text, WCAG 1.4.11. */
const LEAST_CONTRAST = 3

type Triple = [number, number, number]

const linear = (hex: string): Triple => [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)) as Triple
const times = (m: number[], [r, g, b]: Triple): Triple => [0, 3, 6].map((row) => (m[row] ?? 0) * r + (m[row + 1] ?? 0) * g + (m[row + 2] ?? 0) * b) as Triple
const luminance = (hex: string) => times([0.2126, 0.7152, 0.0722], linear(hex))[0]

function lab(rgb: Triple): Triple {
  const clipped = rgb.map((c) => Math.min(1, Math.max(0, c))) as Triple
  const xyz = times([0.4124, 0.3576, 0.1805, 0.2126, 0.7152, 0.0722, 0.0193, 0.1192, 0.9505], clipped)
  const [x, y, z] = [xyz[0] / 0.95047, xyz[1], xyz[2] / 1.08883].map((t) => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116)) as Triple
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)]
}

/** The tokens of light, then those of dark: each is named once in either. */
const text = readFileSync(new URL('tokens.css', import.meta.url), 'utf8')
const valuesOf = (name: string) => [...text.matchAll(new RegExp(`--v-${name}: (#[0-9a-f]{6});`, 'g'))].map((found) => found[1] ?? '')
const series = Array.from({ length: 8 }, (_, i) => valuesOf(`series-${i + 1}`))

describe.each(['light', 'dark'])('the colours of series in %s', (theme) => {
  const at = theme === 'light' ? 0 : 1
  const colours = series.map((both) => both[at] ?? '')

  it.each(Object.entries(SEEN))('are told apart with %s', (_, matrix) => {
    const seen = colours.map((colour) => lab(times(matrix, linear(colour))))
    const pairs = seen.flatMap((a, i) => seen.slice(i + 1).map((b, j) => ({ pair: [i + 1, i + j + 2], apart: Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]) })))
    expect(pairs).toHaveLength(28)
    expect(pairs.filter(({ apart }) => !(apart >= LEAST_APART))).toEqual([])
  })

  it('stand out from what is behind them', () => {
    const behind = luminance(valuesOf('surface')[at] ?? '')
    const contrast = (colour: string) => (Math.max(luminance(colour), behind) + 0.05) / (Math.min(luminance(colour), behind) + 0.05)
    expect(colours.filter((colour) => !(contrast(colour) >= LEAST_CONTRAST))).toEqual([])
  })
})
