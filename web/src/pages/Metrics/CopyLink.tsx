import { Button } from '@mantine/core'
import { useClipboard } from '@mantine/hooks'
import { IconCheck, IconLink } from '@tabler/icons-react'
import { useTimeRange } from '../../time/TimeRangeContext'

/** The page's address with the range as it stands: who opens it later sees the same minutes. */
export function CopyLink() {
  const { window } = useTimeRange()
  const clipboard = useClipboard({ timeout: 1500 })
  const copy = () => {
    const url = new URL(location.href)
    for (const name of ['range', 'live']) url.searchParams.delete(name)
    url.searchParams.set('from', String(window.from))
    url.searchParams.set('to', String(window.to))
    clipboard.copy(url.href)
  }
  return (
    <Button variant="default" leftSection={clipboard.copied ? <IconCheck size={14} /> : <IconLink size={14} />} onClick={copy} title="Copies this page’s address with these very minutes">
      {clipboard.copied ? 'Copied' : 'Copy link'}
    </Button>
  )
}
