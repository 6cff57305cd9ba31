// What a type of event is called and how it looks. The server's names are those that scripts know; people read these.
import { IconAlertTriangle, IconBolt, IconFlag, IconGauge, IconPlugConnected, IconRefresh, IconRocket, IconSettings, IconSparkles } from '@tabler/icons-react'
import type { Event, EventSeverity } from '../../api/types'

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
  CUSTOM: { label: 'Custom', icon: IconFlag },
}

const words = (type: string) => type.charAt(0) + type.slice(1).toLowerCase().replaceAll('_', ' ')

export function kindOf(type: string): Kind {
  const icon = type.startsWith('POLICY_') || type.startsWith('ANOMALY_') ? IconAlertTriangle : IconBolt
  return KINDS[type] ?? { label: words(type), icon }
}

/** What an event is called: a custom one by its own type. */
export const labelOf = (event: Pick<Event, 'type' | 'custom_type'>) => event.custom_type || kindOf(event.type).label

/** The types that people may post. */
export const POSTED = ['APPLICATION_DEPLOYMENT', 'APPLICATION_CONFIG_CHANGE', 'APP_SERVER_RESTART', 'CUSTOM'] as const

export const SEVERITIES: readonly EventSeverity[] = ['INFO', 'WARN', 'ERROR']
export const SEVERITY_NAMES: Record<EventSeverity, string> = { INFO: 'Info', WARN: 'Warning', ERROR: 'Error' }

export const worst = (events: readonly Pick<Event, 'severity'>[]): EventSeverity => SEVERITIES.findLast((severity) => events.some((event) => event.severity === severity)) ?? 'INFO'
