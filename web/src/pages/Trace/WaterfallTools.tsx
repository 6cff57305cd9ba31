import { ActionIcon, Button, Checkbox, Tooltip } from '@mantine/core'
import { IconAlertOctagonFilled, IconArrowsMaximize, IconArrowsMinimize, IconZoomReset } from '@tabler/icons-react'
import { useMemo } from 'react'
import type { Span, Trace } from '../../api/types'
import { useUrlState } from '../../app/urlState'
import { SearchInput } from '../../components/SearchInput'
import { plural } from '../../format/numbers'
import styles from './Trace.module.css'
import type { WaterfallState } from './useWaterfall'

interface Props {
  trace: Trace
  state: WaterfallState
  /** Whether the critical path is drawn. */
  path: boolean
  onPath(on: boolean): void
  critical: boolean
  onCritical(on: boolean): void
  zoomed: boolean
  onUnzoom(): void
  selected: string | null
  onSelect(spanId: string): void
}

function matches(span: Span, text: string): boolean {
  const values = [span.name, span.tier.name, span.exit?.target.name ?? '', ...Object.values(span.attributes).map(String)]
  return values.some((value) => value.toLowerCase().includes(text))
}

/** The next of some spans behind the selected one, round about. */
function nextOf(ids: string[], selected: string | null): string | undefined {
  return ids[(ids.indexOf(selected ?? '') + 1) % Math.max(1, ids.length)]
}

export function WaterfallTools({ trace, state, path, onPath, critical, onCritical, zoomed, onUnzoom, selected, onSelect }: Props) {
  const [search, setSearch] = useUrlState('find')
  const found = useMemo(() => (search ? state.all.filter((t) => matches(t.span, search.toLowerCase())).map((t) => t.span.span_id) : []), [state.all, search])
  const failed = useMemo(() => state.all.filter((t) => t.span.status === 'ERROR').map((t) => t.span.span_id), [state.all])
  const hasPath = useMemo(() => trace.spans.some((s) => s.critical), [trace])
  const go = (ids: string[]) => {
    const next = nextOf(ids, selected)
    if (next) onSelect(next)
  }
  return (
    <div className={styles.tools}>
      <SearchInput label="Find in names and attributes" width={210} value={search} onChange={setSearch} />
      {search && (
        <Button variant="default" disabled={found.length === 0} onClick={() => go(found)}>
          {found.length ? `Next of ${plural(found.length, 'match', 'matches')}` : 'No match'}
        </Button>
      )}
      {failed.length > 0 && (
        <Button variant="default" leftSection={<IconAlertOctagonFilled size={13} color="var(--v-crit)" />} onClick={() => go(failed)}>
          Next of {plural(failed.length, 'failed span')}
        </Button>
      )}
      {hasPath && (
        <>
          <Checkbox label={<span className={styles.hintLine}>Critical path <i /></span>} checked={path} onChange={(e) => onPath(e.currentTarget.checked)} />
          <Checkbox label={<span className={styles.hintLine}>Only its spans</span>} checked={critical} onChange={(e) => onCritical(e.currentTarget.checked)} />
        </>
      )}
      <span className={styles.push} />
      {zoomed && (
        <Button variant="light" leftSection={<IconZoomReset size={14} />} onClick={onUnzoom}>
          Whole time
        </Button>
      )}
      <Tool label="Open all" icon={IconArrowsMaximize} onClick={state.expandAll} />
      <Tool label="Close all" icon={IconArrowsMinimize} onClick={state.collapseAll} />
    </div>
  )
}

function Tool({ label, icon: Icon, onClick }: { label: string; icon: typeof IconZoomReset; onClick(): void }) {
  return (
    <Tooltip label={label}>
      <ActionIcon variant="subtle" color="gray" aria-label={label} onClick={onClick}>
        <Icon size={15} />
      </ActionIcon>
    </Tooltip>
  )
}
