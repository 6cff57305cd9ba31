// What a call costs each transaction. Of the complete minutes alone, as rates and averages are.
import type { Figures } from '../../api/types'

type Counted = Pick<Figures, 'calls_per_minute' | 'average_ms'>

export function perTransaction(call: Counted, transaction: Counted): { calls: number | null; ms: number | null } {
  if (transaction.calls_per_minute <= 0) return { calls: null, ms: null }
  const calls = call.calls_per_minute / transaction.calls_per_minute
  return { calls, ms: call.average_ms === null ? null : calls * call.average_ms }
}
