import { IconApps, IconBolt, IconClockCog, IconDatabase, IconMailFast, IconServer2, IconStack2, IconWorld, IconArrowsExchange, IconHelpHexagon } from '@tabler/icons-react'
import { createElement } from 'react'

const LOOK = { stroke: 1.7, 'aria-hidden': true, style: { flex: 'none', color: 'var(--v-muted)' } }

/** The sign of what something is: a tier, or a backend by its type. */
export function entityIcon(kind: string, type: string) {
  if (kind === 'tier' || kind === 'node') return IconServer2
  if (kind === 'application') return IconApps
  if (kind === 'group') return IconStack2
  if (kind === 'queue' || type === 'MESSAGING') return IconMailFast
  return { DATABASE: IconDatabase, CACHE: IconBolt, HTTP: IconWorld, RPC: IconArrowsExchange }[type] ?? IconHelpHexagon
}

export function EntityIcon({ kind, type, size = 15 }: { kind: string; type: string; size?: number }) {
  return createElement(entityIcon(kind, type), { ...LOOK, size })
}

export function EntryTypeIcon({ type, size = 15 }: { type: string; size?: number }) {
  return createElement({ HTTP: IconWorld, RPC: IconArrowsExchange, MESSAGING: IconMailFast, BACKGROUND: IconClockCog }[type] ?? IconHelpHexagon, { ...LOOK, size })
}
