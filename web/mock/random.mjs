// Deterministic pseudo-randomness: the same minute and seed always give the same number,
// so that every page of the mock agrees with every other.

/** @returns {number} in [0, 1) */
export function noise(...parts) {
  let h = 2166136261
  for (const part of parts) {
    for (const c of String(part)) h = Math.imul(h ^ c.charCodeAt(0), 16777619)
    h = Math.imul(h ^ 0x9e37, 16777619)
  }
  h ^= h >>> 15
  h = Math.imul(h, 0x2c1b3c6d)
  h ^= h >>> 12
  h = Math.imul(h, 0x297a2d39)
  h ^= h >>> 15
  return (h >>> 0) / 4294967296
}

/** A seeded generator for things made once (traces, large topologies). */
export function generator(seed) {
  let n = 0
  const next = () => noise(seed, n++)
  return {
    next,
    between: (low, high) => low + next() * (high - low),
    pick: (list) => list[Math.floor(next() * list.length)],
    int: (low, high) => Math.floor(low + next() * (high - low + 1)),
  }
}

export function hex(seed, digits) {
  let text = ''
  for (let i = 0; text.length < digits; i++) text += Math.floor(noise(seed, i) * 0xffffffff).toString(16).padStart(8, '0')
  return text.slice(0, digits)
}
