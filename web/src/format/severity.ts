// How bad an error share is. One place, so that map, tables and figures agree; every use adds a sign beside the colour.

export type Severity = 'normal' | 'warning' | 'critical'

export const WARNING_PERCENT = 1
export const CRITICAL_PERCENT = 5

export function severityOf(figures: { calls: number; error_percent: number } | null): Severity {
  if (!figures || figures.calls === 0 || figures.error_percent < WARNING_PERCENT) return 'normal'
  return figures.error_percent < CRITICAL_PERCENT ? 'warning' : 'critical'
}
