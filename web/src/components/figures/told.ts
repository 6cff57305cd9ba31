// Which figures are told: none where nothing was reported, since that is not the same as no calls.
import type { Figures } from '../../api/types'

interface Measured {
  figures: Figures
  /** Calls per minute, null where the application reported nothing. */
  sparkline: (number | null)[]
}

export function told({ figures, sparkline }: Measured): Figures | null {
  const silent = figures.calls === 0 && sparkline.length > 0 && sparkline.every((value) => value === null)
  return silent ? null : figures
}
