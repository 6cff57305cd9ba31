// What a type of event is called and how it looks. The server's names are those that scripts know; people read these.
import { IconAlertTriangle, IconBolt, IconActivityHeartbeat, IconBug, IconDatabase, IconFlag, IconGauge, IconHourglass, IconPlugConnected, IconRefresh, IconRocket, IconSettings, IconSparkles } from '@tabler/icons-react'
import type { Event, EventSeverity } from '../../api/types'
import { paths } from '../../app/paths'
import type { Extra } from '../../app/urlState'
import { anomalyEventLabel } from '../anomaly/words'

interface Kind {
  label: string
  icon: typeof IconFlag
}

const KINDS: Record<string, Kind> = {
  APPLICATION_DEPLOYMENT: { label: 'Deployment', icon: IconRocket },
  APPLICATION_CONFIG_CHANGE: { label: 'Configuration change', icon: IconSettings },
  APP_SERVER_RESTART: { label: 'Restart', icon: IconRefresh },
  AGENT_EVENT: { label: 'Agent version', icon: IconPlugConnected },
  APPLICATION_DISCOVERED: { label: 'New application', icon: IconSparkles },
  TIER_DISCOVERED: { label: 'New tier', icon: IconSparkles },
  CONTROLLER_LIMIT_REACHED: { label: 'Limit reached', icon: IconGauge },
  SLOW: { label: 'Slow transactions', icon: IconHourglass },
  VERY_SLOW: { label: 'Very slow transactions', icon: IconHourglass },
  STALL: { label: 'Stalled transactions', icon: IconHourglass },
  ERROR: { label: 'Failed transactions', icon: IconBug },
  APPLICATION_ERROR: { label: 'Exceptions', icon: IconBug },
  DISK_SPACE: { label: 'Disk nearly full', icon: IconDatabase },
  VEDETTE_HEALTH: { label: 'Vedette in trouble', icon: IconAlertTriangle },
  CUSTOM: { label: 'Custom', icon: IconFlag },
}

/** What becomes of violations of health rules, whose events the reference calls POLICY_…. */
const VIOLATIONS: Record<string, string> = {
  OPEN_WARNING: 'Violation, warning',
  OPEN_CRITICAL: 'Violation, critical',
  UPGRADED: 'Violation became critical',
  DOWNGRADED: 'Violation became a warning',
  CONTINUES_WARNING: 'Violation goes on, warning',
  CONTINUES_CRITICAL: 'Violation goes on, critical',
  CLOSE_WARNING: 'Violation over, was warning',
  CLOSE_CRITICAL: 'Violation over, was critical',
  CANCELED_WARNING: 'Violation canceled, was warning',
  CANCELED_CRITICAL: 'Violation canceled, was critical',
}

const words = (type: string) => type.charAt(0) + type.slice(1).toLowerCase().replaceAll('_', ' ')

export function kindOf(type: string): Kind {
  const anomaly = anomalyEventLabel(type)
  if (anomaly !== undefined) return { label: anomaly, icon: IconActivityHeartbeat }
  const violation = type.startsWith('POLICY_')
  const label = (violation && VIOLATIONS[type.slice('POLICY_'.length)]) || words(type)
  return KINDS[type] ?? { label, icon: violation ? IconAlertTriangle : IconBolt }
}

/** What an event is called: a custom one by its own type. */
export const labelOf = (event: Pick<Event, 'type' | 'custom_type'>) => event.custom_type || kindOf(event.type).label

/** The types that people may post. */
export const POSTED = ['APPLICATION_DEPLOYMENT', 'APPLICATION_CONFIG_CHANGE', 'APP_SERVER_RESTART', 'CUSTOM'] as const

export const SEVERITIES: readonly EventSeverity[] = ['INFO', 'WARN', 'ERROR']
export const SEVERITY_NAMES: Record<EventSeverity, string> = { INFO: 'Info', WARN: 'Warning', ERROR: 'Error' }

export const worst = (events: readonly Pick<Event, 'severity'>[]): EventSeverity => SEVERITIES.findLast((severity) => events.some((event) => event.severity === severity)) ?? 'INFO'

const AROUND_MS = 60_000

/** The property by which an event of an anomaly names it. */
export const ANOMALY = 'anomaly'

/** Where an event of an anomaly leads: to the anomaly, or to those of whom it is about at that time; null for others. */
export function anomalyOf({ type, application, affected, at, properties }: Pick<Event, 'type' | 'application' | 'affected' | 'at' | 'properties'>): { to: string; extra: Extra } | null {
  if (!type.startsWith('ANOMALY_')) return null
  const id = properties.find(({ name }) => name === ANOMALY)?.value
  if (id && /^\d+$/.test(id)) return { to: paths.anomaly(id), extra: {} }
  const whose = affected.at(-1)
  if (!whose || !application) return null
  return { to: paths.anomalies(application.id), extra: { range: null, live: null, from: at - AROUND_MS, to: at + AROUND_MS, entity: whose.id } }
}
