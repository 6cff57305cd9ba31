// Which metrics there are of what a rule affects, and how a path of the metric tree is said of it. Pure.
import type { AffectedKind, MetricFunction } from '../types'

const TIME = 'Average Response Time (ms)'
const CALLS = 'Calls per Minute'
const ERRORS = 'Errors per Minute'
const OF_CALLS = [TIME, CALLS, ERRORS]
const OF_NODES = [...OF_CALLS, '95th Percentile Response Time (ms)', 'HTTP Error Codes per Minute', 'Number of Slow Calls', 'Number of Very Slow Calls', 'Stall Count']
const ALL = [...OF_NODES, 'Exceptions per Minute']
/** In rules only: it is no series of the tree. */
export const SILENCE = 'Minutes Since Last Report'
const HARDWARE = ['Hardware Resources|CPU|%Busy', 'Hardware Resources|Memory|Used %', 'JVM|Memory:Heap|Used %', 'JVM|Garbage Collection|GC Time Spent Per Min (ms)', 'CLR|Garbage Collection|GC Time Spent (%)', 'Hardware Resources|Network|Dropped packets/sec']

const KNOWN: Record<AffectedKind, string[]> = {
  OVERALL_APPLICATION: [...ALL, SILENCE],
  BUSINESS_TRANSACTIONS: ALL,
  TIERS: [...ALL, SILENCE],
  NODES: [...OF_NODES, SILENCE],
  TIER_HARDWARE: HARDWARE,
  NODE_HARDWARE: HARDWARE,
  SERVERS: HARDWARE.filter((path) => path.startsWith('Hardware')),
  BACKENDS: OF_CALLS,
  ERRORS: [ERRORS],
  SERVICE_ENDPOINTS: OF_CALLS,
  CUSTOM: [],
}

/** Metrics that whatever is of this kind has, below it. */
export const knownMetrics = (kind: AffectedKind): string[] => KNOWN[kind]

/** Kinds whose figures are all there is: anything else has to be an absolute path. */
const ONLY_FIGURES: ReadonlySet<AffectedKind> = new Set(['OVERALL_APPLICATION', 'BUSINESS_TRANSACTIONS', 'BACKENDS', 'ERRORS', 'SERVICE_ENDPOINTS'])

const OVERALL = 'Overall Application Performance'
const TRANSACTIONS = 'Business Transaction Performance'
const BACKENDS = 'Backends'
const ENDPOINTS = 'Service Endpoints'
const ERROR_FOLDER = 'Errors'
export const INFRASTRUCTURE = 'Application Infrastructure Performance'
const TOPS = new Set([OVERALL, TRANSACTIONS, BACKENDS, ENDPOINTS, ERROR_FOLDER, INFRASTRUCTURE])
const NODES = 'Individual Nodes'

export const isAbsolute = (path: string) => path.includes('|') && TOPS.has(path.split('|')[0] ?? '')

/** What is wrong with a path for this kind; null when nothing is. */
export function problemOfPath(path: string, kind: AffectedKind): string | null {
  const text = path.trim()
  if (text === '') return 'Pick a metric'
  if (text.split('|').some((segment) => segment.trim() === '')) return 'A part between two bars is empty'
  if (isAbsolute(text)) return null
  if (kind === 'CUSTOM') return 'Pick a whole path, from the top of the metric tree'
  if (ONLY_FIGURES.has(kind) && !KNOWN[kind].includes(text)) return 'There is no such metric of these; pick one of the list, or a whole path'
  return null
}

/** The unit of a metric, as far as its name says it. */
export function unitOfPath(path: string): string {
  const last = path.split('|').at(-1) ?? path
  if (last === SILENCE) return 'min'
  if (last.endsWith('(ms)')) return 'ms'
  if (last.includes('%')) return '%'
  if (last.endsWith('per Minute')) return 'per minute'
  return ''
}

/** The unit of what a function makes of it: a sum over the window of what happened in each minute is a number of these. */
export function unitOf(fn: MetricFunction, path: string): string {
  const unit = unitOfPath(path)
  return fn === 'COUNT' || fn === 'GROUP_COUNT' || (fn === 'SUM' && unit === 'per minute') ? '' : unit
}

/** What a rule would be about to look at just this series. */
export interface About {
  kind: AffectedKind
  /** Empty: all of the kind, or the application. */
  name: string
  /** As the rule says it. */
  path: string
}

/** Whose series a path of the metric tree is, and how a rule about that says it. What is of nobody that rules judge is custom. */
export function aboutOfPath(path: string): About {
  const parts = path.split('|')
  const leaf = parts.at(-1) ?? path
  const [top, ...rest] = parts
  const of = (kind: AffectedKind, name = '', said = leaf): About => ({ kind, name, path: said })
  const figures = (kind: AffectedKind, name = '') => (KNOWN[kind].includes(leaf) ? of(kind, name) : of('CUSTOM', '', path))
  if (top === OVERALL) {
    if (rest.length === 1) return figures('OVERALL_APPLICATION')
    if (rest.length === 2) return figures('TIERS', rest[0])
    if (rest.length === 4 && rest[1] === NODES) return figures('NODES', rest[2])
  }
  if (top === TRANSACTIONS && rest.length === 4) return figures('BUSINESS_TRANSACTIONS', rest[2])
  if (top === BACKENDS && rest.length === 2) return figures('BACKENDS', rest[0])
  if (top === ENDPOINTS && rest.length === 3) return figures('SERVICE_ENDPOINTS', rest[1])
  if (top === ERROR_FOLDER && rest.length === 3) return figures('ERRORS', rest[1])
  if (top === INFRASTRUCTURE) {
    if (rest[1] === NODES && rest.length > 3) return of('NODE_HARDWARE', rest[2], rest.slice(3).join('|'))
    if (rest.length > 1 && rest[1] !== NODES) return of('TIER_HARDWARE', rest[0], rest.slice(1).join('|'))
  }
  return of('CUSTOM', '', path)
}

const HAS_INFRASTRUCTURE: ReadonlySet<AffectedKind> = new Set(['TIERS', 'NODES', 'TIER_HARDWARE', 'NODE_HARDWARE', 'SERVERS'])

/** A path that was picked in the tree, as a rule about this kind says it: of each that it affects where that can be, else as it is. */
export function saidFor(kind: AffectedKind, path: string): string {
  if (kind === 'CUSTOM') return path
  const about = aboutOfPath(path)
  if (HAS_INFRASTRUCTURE.has(kind) && (about.kind === 'TIER_HARDWARE' || about.kind === 'NODE_HARDWARE')) return about.path
  return about.kind !== 'CUSTOM' && KNOWN[kind].includes(about.path) ? about.path : path
}
