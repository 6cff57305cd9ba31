// Names of the API as people read them.
import type { CustomEventMatch, DeliveryState, Doing, EntitySelection, NewPolicy, Policy, SelectedKind, SuppressionWindow } from './types'

const EVENT_WORDS: Record<string, string> = {
  POLICY_OPEN_WARNING: 'Begins as warning',
  POLICY_OPEN_CRITICAL: 'Begins as critical',
  POLICY_UPGRADED: 'Becomes critical',
  POLICY_DOWNGRADED: 'Becomes a warning',
  POLICY_CONTINUES_WARNING: 'Goes on as warning',
  POLICY_CONTINUES_CRITICAL: 'Goes on as critical',
  POLICY_CLOSE_WARNING: 'Ends as warning',
  POLICY_CLOSE_CRITICAL: 'Ends as critical',
  POLICY_CANCELED_WARNING: 'Warning cancelled',
  POLICY_CANCELED_CRITICAL: 'Critical cancelled',
}

/** `APP_SERVER_RESTART` becomes “App server restart”. */
export function eventWord(type: string): string {
  if (EVENT_WORDS[type]) return EVENT_WORDS[type]
  const anomaly = type.replace(/^ANOMALY_/, 'POLICY_')
  if (anomaly !== type && EVENT_WORDS[anomaly]) return EVENT_WORDS[anomaly]
  const words = type.toLowerCase().replaceAll('_', ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}

export const KIND_WORDS: Record<SelectedKind, string> = {
  application: 'Applications',
  tier: 'Tiers',
  node: 'Nodes',
  business_transaction: 'Business transactions',
  backend: 'Backends',
  service_endpoint: 'Service endpoints',
  error: 'Errors',
}

export const STATE_WORDS: Record<DeliveryState, string> = { pending: 'On its way', delivered: 'Delivered', gave_up: 'Gave up', suppressed: 'Suppressed' }

export function doingWord(doing: Doing): string {
  switch (doing.kind) {
    case 'email':
      return `Email to ${doing.to.join(', ')}`
    case 'http':
      return `${doing.method} ${doing.url}`
    case 'command':
      return `Command ${doing.command}`
    default:
      return `${doing.what}: kept, not done here`
  }
}

/** What a draft still lacks before anybody can say what it would send; null when it lacks nothing. */
export function lackOf(doing: Doing): string | null {
  switch (doing.kind) {
    case 'email':
      return doing.to.length > 0 ? null : 'Give an address first.'
    case 'http':
      return doing.url.trim() === '' ? 'Give a URL first.' : null
    case 'command':
      return doing.command === '' ? 'Pick a command first.' : null
    default:
      return 'It sends nothing: pick another kind.'
  }
}

/** What a policy takes, in a sentence. */
export function policyWord(policy: Pick<Policy | NewPolicy, 'event_types' | 'custom_events' | 'rules' | 'entities'>): string {
  const types = policy.event_types.length
  const custom = policy.custom_events.length
  const parts = [types ? `${types} ${types === 1 ? 'type of event' : 'types of events'}` : '', custom ? `${custom} custom` : ''].filter(Boolean)
  const rules = policy.rules.length ? ` of ${policy.rules.length === 1 ? policy.rules[0] : `${policy.rules.length} rules`}` : ''
  const on = policy.entities.length ? ` on ${policy.entities.map(selectionWord).join(', ')}` : ''
  return `${parts.join(', ') || 'Nothing'}${rules}${on}`
}

/** `2 tiers`, `all nodes`. */
export function selectionWord({ kind, ids }: EntitySelection): string {
  const words = KIND_WORDS[kind].toLowerCase()
  return ids.length === 0 ? `all ${words}` : `${ids.length} ${ids.length === 1 ? words.replace(/ies$/, 'y').replace(/s$/, '') : words}`
}

const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']

export const clock = (minute: number): string => `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`

/** `22:30` as minutes since midnight; null when it is no time. */
export function minuteOfClock(text: string): number | null {
  const match = /^(\d{1,2}):(\d{2})$/.exec(text.trim())
  const minutes = match ? Number(match[1]) * 60 + Number(match[2]) : Number.NaN
  return minutes <= 1440 && Number(match?.[2]) < 60 ? minutes : null
}

/** `1, 15, 28-31` as days of the month, each once and in order; null when it is something else. */
export function monthDaysOf(text: string): number[] | null {
  const found = new Set<number>()
  for (const part of text.split(',').map((one) => one.trim())) {
    if (part === '') continue
    const match = /^(\d{1,2})(?:\s*[-–]\s*(\d{1,2}))?$/.exec(part)
    const from = Number(match?.[1])
    const to = Number(match?.[2] ?? match?.[1])
    if (!(from >= 1 && from <= to && to <= 31)) return null
    for (let day = from; day <= to; day++) found.add(day)
  }
  return [...found].sort((a, b) => a - b)
}

/** The same as people write it: three and more in a row are a range. */
export function monthDaysWord(days: readonly number[]): string {
  const runs: number[][] = []
  for (const day of days) {
    const run = runs.at(-1)
    if (run && run.at(-1) === day - 1) run.push(day)
    else runs.push([day])
  }
  return runs.map((run) => (run.length > 2 ? `${run[0]}–${run.at(-1)}` : run.join(', '))).join(', ')
}

export function windowWord(window: SuppressionWindow, moment: (at: number) => string): string {
  if (window.kind === 'one_time') return `${moment(window.from)} to ${moment(window.to)}`
  const days = window.days.map((day) => DAYS[day - 1]).join(', ')
  const dates = window.month_days.length ? `on ${window.month_days.length > 1 ? 'days' : 'day'} ${monthDaysWord(window.month_days)} of the month` : ''
  const begins = [days, dates].filter(Boolean).join(', ') || 'Each day'
  return `${begins.charAt(0).toUpperCase()}${begins.slice(1)}, ${clock(window.from_minute)} to ${clock(window.until_minute)} (${window.zone})`
}

export const noCustom = (): CustomEventMatch => ({ event_type: '', properties: [], any_property: false })
