// The time axis of a waterfall. Pure.

export interface Scale {
  from: number
  to: number
}

/** Where a span stands on the axis, in percent; what is outside is cut at the edges. */
export function barOf(scale: Scale, start: number, duration: number): { left: number; width: number } {
  const whole = Math.max(1, scale.to - scale.from)
  const left = clamp(((start - scale.from) / whole) * 100)
  const right = clamp(((start + duration - scale.from) / whole) * 100)
  return { left, width: right - left }
}

const clamp = (percent: number) => Math.min(100, Math.max(0, percent))

/** Round moments (1, 2 or 5 times a power of ten) within the scale, about as many as wanted. */
export function ticksOf(scale: Scale, wanted: number): number[] {
  const whole = Math.max(1, scale.to - scale.from)
  const rough = whole / wanted
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough) ?? rough
  const ticks: number[] = []
  for (let at = Math.ceil(scale.from / step) * step; at <= scale.to; at += step) ticks.push(at)
  return ticks
}
