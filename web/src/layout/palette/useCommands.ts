import { useComputedColorScheme, useMantineColorScheme } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from 'react-router'
import { get, type ApiError } from '../../api/client'
import { useApplications } from '../../api/queries'
import type * as Api from '../../api/types'
import { pagesOf } from '../../app/pages'
import { paths } from '../../app/paths'
import { useHref } from '../../app/urlState'
import { PRESETS } from '../../time/range'
import { useTimeRange } from '../../time/TimeRangeContext'
import { useCurrentApplication } from '../useCurrentApplication'
import { traceIdIn, type Command } from './commands'

/** Names change seldom: a minute-old list will do. */
function useNames<Row>(application: number | undefined, of: 'business-transactions' | 'tiers' | 'backends'): Row[] {
  const { window } = useTimeRange()
  const path = `/applications/${application}/${of}`
  const names = useQuery<Api.Page<Row>, ApiError>({
    queryKey: ['palette', path],
    queryFn: ({ signal }) => get(path, { from: window.from, to: window.to, limit: 1000 }, signal),
    enabled: application !== undefined,
    staleTime: 60_000,
  })
  return names.data?.items ?? []
}

/** Everything that the palette can do on the page at hand, given what is typed. */
export function useCommands(text: string): Command[] {
  const navigate = useNavigate()
  const href = useHref()
  const { setRange } = useTimeRange()
  const { setColorScheme } = useMantineColorScheme({ keepTransitions: true })
  const other = useComputedColorScheme('light') === 'light' ? 'dark' : 'light'
  const applications = useApplications().data?.items ?? []
  const current = useCurrentApplication() ?? undefined
  const bts = useNames<Api.BusinessTransaction>(current?.id, 'business-transactions')
  const tiers = useNames<Api.Tier>(current?.id, 'tiers')
  const backends = useNames<Api.Backend>(current?.id, 'backends')
  const to = (path: string) => () => void navigate(href(path))

  const trace = traceIdIn(text)
  const commands: Command[] = []
  if (trace) commands.push({ id: 'trace', group: 'Trace', label: `Open the trace ${trace}`, run: to(paths.trace(trace)) })
  if (current) {
    for (const page of pagesOf(current.id)) commands.push({ id: `page-${page.to}`, group: 'Pages', label: page.label, note: current.name, run: to(page.to) })
  }
  for (const page of pagesOf()) commands.push({ id: `page-${page.to}`, group: 'Pages', label: page.label, run: to(page.to) })
  if (current) {
    for (const bt of bts) commands.push({ id: `bt-${bt.id}`, group: 'Business transactions', label: bt.name, note: bt.tier.name, run: to(paths.businessTransaction(current.id, bt.id)) })
    for (const tier of tiers) commands.push({ id: `tier-${tier.id}`, group: 'Tiers', label: tier.name, run: to(paths.tier(current.id, tier.id)) })
    for (const backend of backends) commands.push({ id: `backend-${backend.id}`, group: 'Backends', label: backend.name, note: backend.type, run: to(paths.backend(current.id, backend.id)) })
  }
  for (const a of applications) commands.push({ id: `application-${a.id}`, group: 'Applications', label: a.name, run: to(paths.application(a.id)) })
  for (const preset of PRESETS) commands.push({ id: `range-${preset.label}`, group: 'Time range', label: preset.label, run: () => setRange(preset.range) })
  commands.push({ id: 'scheme', group: 'Settings', label: `Switch to ${other}`, run: () => setColorScheme(other) })
  return commands
}
