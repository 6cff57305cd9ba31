// How figures lie to their baseline, in words. The server decides what is normal; here it is only told.
import type { Deviation, Figures, MetricDeviation } from '../../api/types'
import { exact, short } from '../../format/numbers'
import { severityOf, type Severity } from '../../format/severity'

export type State = Deviation['state']

const RANK: Record<State, number> = { no_baseline: 0, normal: 1, warning: 2, critical: 3 }
const SEVERITY: Record<Severity, number> = { normal: 1, warning: 2, critical: 3 }

/** `+3.2 σ`. Beyond what can be told apart: `> 100 σ`. */
export function sigmas(value: number): string {
  if (Math.abs(value) > 100) return `${value < 0 ? '< −' : '> '}100 σ`
  const rounded = Math.abs(value) < 10 ? Math.round(value * 10) / 10 : Math.round(value)
  return `${rounded < 0 ? '−' : '+'}${Math.abs(rounded)} σ`
}

/** The part of a deviation that its state comes from: the worse of response time and errors. */
export function worstOf(deviation: Deviation): { what: 'slower' | 'errors'; of: MetricDeviation } | null {
  const { response_time: time, errors } = deviation
  if (time && (!errors || RANK[time.state] > RANK[errors.state] || (time.state === errors.state && time.sigmas >= errors.sigmas))) return { what: 'slower', of: time }
  return errors ? { what: 'errors', of: errors } : null
}

/** A word or two for a table. */
export function stateText(deviation: Deviation): string {
  const worst = worstOf(deviation)
  if (deviation.state === 'no_baseline' || !worst) return 'no baseline'
  if (deviation.state === 'normal') return 'normal'
  return `${worst.what} ${sigmas(worst.of.sigmas)}`
}

/** Sorts the worst last and what has no baseline first. */
export function stateOrder(deviation: Deviation | null): number | null {
  if (!deviation) return null
  return RANK[deviation.state] * 10_000 + (worstOf(deviation)?.of.sigmas ?? 0)
}

function metricText(name: string, unit: string, of: MetricDeviation | null): string {
  if (!of) return ''
  const from = of.from === 'last_day' ? ', from the day before' : ''
  return `${name} ${exact(of.value, unit)}: ${sigmas(of.sigmas)}, expected ${short(of.expected)} ± ${short(of.deviation)} ${unit}${from}`
}

/** All there is to say, a line each; empty where nobody asked for a baseline. */
export function deviationText(deviation: Deviation | null): string {
  if (!deviation) return ''
  if (deviation.state === 'no_baseline') return 'no baseline yet: too little is known of these hours'
  return [metricText('response time', 'ms', deviation.response_time), metricText('errors', 'errors/min', deviation.errors), metricText('calls', 'calls/min', deviation.calls)].filter(Boolean).join('\n')
}

/** How bad something is, by its error share and against its baseline: the worse of both. */
export function healthOf(figures: Figures | null): Severity {
  const share = severityOf(figures)
  const state = figures?.deviation?.state
  return (state === 'warning' || state === 'critical') && RANK[state] > SEVERITY[share] ? state : share
}

/** Which of several deviations is the worst; one that knows no baseline is the least. */
export function worstDeviation(all: (Deviation | null)[]): Deviation | null {
  return all.reduce((worst, one) => ((stateOrder(one) ?? -1) > (stateOrder(worst) ?? -1) ? one : worst), null)
}
