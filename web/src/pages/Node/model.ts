// Which of a node's metrics are drawn together, which a page expects and does not find, and when its process started anew.
import type { MetricSeries } from '../../api/types'

export interface ChartSpec {
  title: string
  unit: string
  lines: { label: string; path: string }[]
}

/** A kind of figures that people look for, the charts that show it, and what brings it where it is missing. */
interface Area {
  title: string
  charts: ChartSpec[]
  /** What to do for it by the tier's runtime; `any` for the rest. */
  how: Record<string, string>
}

const chart = (title: string, unit: string, ...lines: [label: string, path: string][]): ChartSpec => ({ title, unit, lines: lines.map(([label, path]) => ({ label, path })) })

const METRICS = 'OTEL_METRICS_EXPORTER=otlp'
const COLLECTOR = 'Run an OpenTelemetry Collector with the hostmetrics receiver on the host, and give it the same host.name.'
const PYTHON = 'Install opentelemetry-instrumentation-system-metrics (opentelemetry-bootstrap -a install does) and set OTEL_METRICS_EXPORTER=otlp.'
const JAVA = `The Java agent reports this by itself with ${METRICS}.`
const NODE = `@opentelemetry/auto-instrumentations-node reports this by itself with ${METRICS}.`
const GO = 'Start go.opentelemetry.io/contrib/instrumentation/runtime in the program, with a meter provider that exports by OTLP.'
const DOTNET = `The .NET agent reports this by itself with ${METRICS}.`
const ANY = `Set ${METRICS} at the agent, and switch its runtime metrics on.`
const OF_RUNTIME = { java: JAVA, nodejs: NODE, go: GO, dotnet: DOTNET, any: ANY }

export const AREAS: Area[] = [
  {
    title: 'Heap',
    charts: [
      chart('JVM heap', 'MB', ['used', 'JVM|Memory|Heap|Current Usage (MB)'], ['committed', 'JVM|Memory|Heap|Committed (MB)'], ['limit', 'JVM|Memory|Heap|Max Available (MB)']),
      chart('Node.js heap', 'MB', ['used', 'Node.js|Memory|Heap|Current Usage (MB)'], ['committed', 'Node.js|Memory|Heap|Committed (MB)']),
      chart('Go memory', 'MB', ['used', 'Go|Memory|Current Usage (MB)'], ['heap', 'Go|Memory|Heap|Current Usage (MB)']),
      chart('.NET heap', 'MB', ['used', 'CLR|Memory|Heap|Current Usage (MB)'], ['committed', 'CLR|Memory|Heap|Committed (MB)']),
      chart('Memory of the process', 'MB', ['resident', 'Process|Memory|Resident (MB)']),
    ],
    how: { ...OF_RUNTIME, python: `Python has no heap of its own to report; the memory of the process is. ${PYTHON}` },
  },
  {
    title: 'Garbage collection',
    charts: [
      chart('Garbage collection', 'ms/min', ['time', 'JVM|Garbage Collection|GC Time Spent Per Min (ms)'], ['time', 'Node.js|Garbage Collection|GC Time Spent Per Min (ms)'], ['time', 'Go|Garbage Collection|GC Time Spent Per Min (ms)'], ['time', 'CLR|Garbage Collection|GC Time Spent Per Min (ms)']),
      chart('Collections', '/min', ['collections', 'JVM|Garbage Collection|Number of Collections Per Min'], ['collections', 'Node.js|Garbage Collection|Number of Collections Per Min'], ['collections', 'Go|Garbage Collection|Number of Collections Per Min'], ['collections', 'CLR|Garbage Collection|Number of Collections Per Min'], ['collections', 'Python|Garbage Collection|Number of Collections Per Min']),
    ],
    how: { ...OF_RUNTIME, python: PYTHON },
  },
  {
    title: 'Threads',
    charts: [
      chart('Threads', '', ['threads', 'JVM|Threads|Current No. of Threads'], ['daemons', 'JVM|Threads|Daemon Threads'], ['goroutines', 'Go|Goroutines|Current No. of Goroutines'], ['pool', 'CLR|Locks and Threads|Thread Pool Threads'], ['of the process', 'Process|Threads|Current No. of Threads']),
    ],
    how: { ...OF_RUNTIME, python: PYTHON, nodejs: 'Node.js works in one thread; see its event loop. The process’s threads come from a Collector’s hostmetrics receiver (process scraper).' },
  },
  {
    title: 'Event loop',
    charts: [
      chart('Event loop', '%', ['utilization', 'Node.js|Event Loop|Utilization %']),
      chart('Event loop delay', 'ms', ['99th percentile', 'Node.js|Event Loop|Delay 99th Percentile (ms)'], ['mean', 'Node.js|Event Loop|Delay Mean (ms)']),
    ],
    how: { nodejs: NODE },
  },
  {
    title: 'Process CPU',
    charts: [chart('CPU of the process', '%', ['usage', 'Process|CPU|Usage %'], ['JVM', 'JVM|Process CPU Usage %'], ['CLR', 'CLR|Process CPU Usage %'])],
    how: { java: JAVA, dotnet: DOTNET, python: PYTHON, any: 'Run an OpenTelemetry Collector with the hostmetrics receiver and its process scraper beside it.' },
  },
  {
    title: 'Hardware: CPU',
    charts: [chart('CPU of the host', '%', ['busy', 'Hardware Resources|CPU|%Busy'], ['user', 'Hardware Resources|CPU|%User'], ['system', 'Hardware Resources|CPU|%System'])],
    how: { python: PYTHON, any: COLLECTOR },
  },
  {
    title: 'Hardware: memory',
    charts: [chart('Memory of the host', '%', ['used', 'Hardware Resources|Memory|Used %'], ['swap', 'Hardware Resources|Swap|Used %'])],
    how: { python: PYTHON, any: COLLECTOR },
  },
  {
    title: 'Hardware: disks and network',
    charts: [
      chart('Disks', '%', ['busy', 'Hardware Resources|Disks|%Busy']),
      chart('Disk traffic', 'KB/s', ['read', 'Hardware Resources|Disks|KB read/sec'], ['written', 'Hardware Resources|Disks|KB written/sec']),
      chart('Network', 'KB/s', ['incoming', 'Hardware Resources|Network|Incoming KB/sec'], ['outgoing', 'Hardware Resources|Network|Outgoing KB/sec']),
    ],
    how: { python: PYTHON, any: COLLECTOR },
  },
]

export interface DrawnChart {
  title: string
  unit: string
  lines: { label: string; series: MetricSeries }[]
}

export interface Missing {
  title: string
  how: string
}

/** The path below the node: what follows `Individual Nodes|<node>|`. */
export function below(path: string): string {
  return path.split('|').slice(4).join('|')
}

/** What is drawn, and what a runtime could report and does not. */
export function arranged(series: MetricSeries[], runtime: string | null): { charts: DrawnChart[]; missing: Missing[] } {
  const byPath = new Map(series.filter((s) => s.points.length > 0).map((s) => [below(s.path), s]))
  const charts: DrawnChart[] = []
  const missing: Missing[] = []
  for (const area of AREAS) {
    const drawn = area.charts.map((spec) => drawnOf(spec, byPath)).filter((c) => c.lines.length > 0)
    charts.push(...drawn)
    const how = area.how[runtime ?? 'any'] ?? area.how.any
    if (drawn.length === 0 && how) missing.push({ title: area.title, how })
  }
  return { charts, missing }
}

function drawnOf({ title, unit, lines }: ChartSpec, byPath: ReadonlyMap<string, MetricSeries>): DrawnChart {
  const found = lines.flatMap(({ label, path }) => {
    const series = byPath.get(path)
    return series ? [{ label, series }] : []
  })
  return { title, unit, lines: found }
}

export const UPTIME = 'Process|Uptime (s)'

interface UptimePoint {
  at: number
  value: number
}

/** When the process began anew: wherever its uptime is less than it was. Unix milliseconds, to about a minute; the newest first. */
export function restartsOf(points: readonly UptimePoint[]): number[] {
  const restarts: number[] = []
  for (let i = 1; i < points.length; i++) {
    const [before, now] = [points[i - 1], points[i]]
    // Rounding and averaging may take a few seconds off a process that runs on.
    if (before && now && now.value < before.value - 30) restarts.push(Math.max(before.at, now.at - now.value * 1000))
  }
  return restarts.reverse()
}
