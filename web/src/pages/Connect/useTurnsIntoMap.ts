import { useEffect, useRef } from 'react'
import { useNavigate } from 'react-router'
import { useApplications } from '../../api/queries'
import { connected } from '../../app/own'
import { paths } from '../../app/paths'
import { useHref } from '../../app/urlState'
import { useTimeRange } from '../../time/TimeRangeContext'

const LOOK_EVERY_MS = 3_000

/** While no application exists, looks for the first one every 3 s and opens its map when it comes. */
export function useTurnsIntoMap(): void {
  const items = useApplications().data?.items
  const applications = items && connected(items)
  const { refresh } = useTimeRange()
  const navigate = useNavigate()
  const href = useHref()
  const wasEmpty = useRef(false)
  const empty = applications?.length === 0
  const first = applications?.[0]?.id

  useEffect(() => {
    if (!empty) return undefined
    wasEmpty.current = true
    const timer = setInterval(refresh, LOOK_EVERY_MS)
    return () => clearInterval(timer)
  }, [empty, refresh])

  useEffect(() => {
    if (wasEmpty.current && first !== undefined) void navigate(href(paths.flowMap(first)))
  }, [first, navigate, href])
}
