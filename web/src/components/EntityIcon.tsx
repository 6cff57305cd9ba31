import { IconApps, IconBolt, IconClockCog, IconDatabase, IconMailFast, IconServer2, IconStack2, IconWorld, IconArrowsExchange, IconHelpHexagon } from '@tabler/icons-react'

/** The sign of what something is: a tier, or a backend by its type. */
export function entityIcon(kind: string, type: string) {
  if (kind === 'tier') return IconServer2
  if (kind === 'application') return IconApps
  if (kind === 'group') return IconStack2
  if (kind === 'queue' || type === 'MESSAGING') return IconMailFast
  return { DATABASE: IconDatabase, CACHE: IconBolt, HTTP: IconWorld, RPC: IconArrowsExchange }[type] ?? IconHelpHexagon
}

export function EntityIcon({ kind, type, size = 15 }: { kind: string; type: string; size?: number }) {
  const Icon = entityIcon(kind, type)
  return <Icon size={size} stroke={1.7} aria-hidden style={{ flex: 'none', color: 'var(--v-muted)' }} />
}

export function EntryTypeIcon({ type, size = 15 }: { type: string; size?: number }) {
  const Icon = { HTTP: IconWorld, RPC: IconArrowsExchange, MESSAGING: IconMailFast, BACKGROUND: IconClockCog }[type] ?? IconHelpHexagon
  return <Icon size={size} stroke={1.7} aria-hidden style={{ flex: 'none', color: 'var(--v-muted)' }} />
}
