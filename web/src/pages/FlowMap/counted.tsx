// What the figures of a map are of: the minutes of a range, or the spans of one trace.
import { createContext, useContext } from 'react'
import type { Figures } from '../../api/types'
import { count, rateOf, short } from '../../format/numbers'

export type Counted = 'minutes' | 'trace'

/** Minutes, unless a map says otherwise. */
export const CountedContext = createContext<Counted>('minutes')

export const useCounted = (): Counted => useContext(CountedContext)

/** `1.23k/min`, or `3 calls`. */
export function Load({ figures }: { figures: Figures }) {
  if (useCounted() === 'minutes') {
    return (
      <span>
        <b>{rateOf(figures)}</b>/min
      </span>
    )
  }
  return (
    <span>
      <b>{count(figures.calls)}</b> {figures.calls === 1 ? 'call' : 'calls'}
    </span>
  )
}

/** `0.5 err/min`, or `1 failed`. */
export function errorsOf(figures: Figures, counted: Counted): string {
  return counted === 'minutes' ? `${short(figures.errors_per_minute)} err/min` : `${count(figures.errors)} failed`
}
