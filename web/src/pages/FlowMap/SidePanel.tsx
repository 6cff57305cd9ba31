import { ActionIcon, Button } from '@mantine/core'
import { useWindowEvent } from '@mantine/hooks'
import { IconArrowsDiagonal, IconFocus2, IconX } from '@tabler/icons-react'
import { lazy, Suspense, type ReactNode } from 'react'
import { type MeasuredKind } from '../../api/queries'
import type { Figures, Series } from '../../api/types'
import { paths } from '../../app/paths'
import { BaselineState } from '../../components/baseline/BaselineState'
import { deviationText } from '../../components/baseline/state'
import { useEntitySeries } from '../../components/baseline/queries'
import { EntityIcon } from '../../components/EntityIcon'
import { Middle } from '../../components/name/Middle'
import { nameParts, systemText } from '../../format/names'
import { ErrorShare } from '../../components/figures/ErrorShare'
import { entityPath } from '../../components/link/EntityLink'
import { RangeLink } from '../../components/link/RangeLink'
import { Loaded } from '../../components/states/Loaded'
import { count, exact, milliseconds, percent, rateOf, responseTime, sampledText, short } from '../../format/numbers'
import { subtitleOf } from './EntityNode'
import styles from './FlowMapPanel.module.css'
import type { MapEdge, MapNode, MapView } from './model/view'

const SeriesCharts = lazy(() => import('../../components/chart/SeriesCharts'))

interface Props {
  application: number
  view: MapView
  selected: string | null
  onSelect(id: string | null): void
  onFocus(id: string): void
  onToggleGroup(id: string): void
}

/** The figures of the selected entity or edge, beside the map. */
export function SidePanel({ application, view, selected, onSelect, onFocus, onToggleGroup }: Props) {
  if (!selected) return null
  const node = view.nodes.find((n) => n.id === selected || n.members.some((m) => String(m.id) === selected))
  const edge = view.edges.find((e) => e.id === selected)
  if (node) return <NodePanel application={application} node={node} view={view} onSelect={onSelect} onFocus={onFocus} onToggleGroup={onToggleGroup} />
  return edge ? <EdgePanel edge={edge} view={view} onSelect={onSelect} /> : null
}

function Frame({ title, sub, icon, onClose, children }: { title: string; sub: string; icon?: ReactNode; onClose(): void; children: ReactNode }) {
  // Wherever the focus is: it may be on an entity that the map drew anew. Menus and fields keep their own Escape.
  useWindowEvent('keydown', (event) => {
    const inField = event.target instanceof HTMLElement && event.target.closest('input, select, textarea, [role="menu"], [role="dialog"]')
    if (event.key === 'Escape' && !event.defaultPrevented && !inField) onClose()
  })
  return (
    <aside className={styles.panel} aria-label={`Figures of ${title}`}>
      <header className={styles.panelHead}>
        {icon}
        <h3>
          {title}
          <small>{sub}</small>
        </h3>
        <ActionIcon variant="subtle" color="gray" size="sm" aria-label="Close" onClick={onClose}>
          <IconX size={15} />
        </ActionIcon>
      </header>
      <div className={styles.panelBody}>{children}</div>
    </aside>
  )
}

/** `of` says how many measured things the figures are of: only a single one has a percentile. */
function FigureList({ figures: f, of = 1 }: { figures: Figures | null; of?: number }) {
  if (!f) return <span>No data in this range.</span>
  const rows: [string, ReactNode, string][] = [
    ['Calls per minute', rateOf(f), exact(f.calls_per_minute, 'calls/min')],
    ['Calls', short(f.calls), count(f.calls)],
    ['Response time, average', responseTime(f.average_ms), exact(f.average_ms, 'ms')],
    ['95th percentile', responseTime(f.p95_ms), of > 1 ? `Not known for ${of} together: a percentile cannot be made from theirs.` : exact(f.p95_ms, 'ms')],
    ['Fastest – slowest', `${responseTime(f.min_ms)} – ${milliseconds(f.max_ms)}`, `${exact(f.min_ms, 'ms')} – ${exact(f.max_ms, 'ms')}`],
    ['Errors per minute', short(f.errors_per_minute), exact(f.errors_per_minute, 'errors/min')],
    ['Error share', <ErrorShare key="share" figures={f} />, exact(f.error_percent, '%')],
  ]
  if (f.deviation) rows.push(['Against its baseline', <BaselineState key="baseline" deviation={f.deviation} />, deviationText(f.deviation)])
  if (f.sampled_percent !== null) rows.push(['Sampled', percent(f.sampled_percent), sampledText(f)])
  return (
    <dl className={styles.facts}>
      {rows.map(([label, value, title]) => (
        <Fact key={label} label={label} title={title}>
          {value}
        </Fact>
      ))}
    </dl>
  )
}

function Fact({ label, title, children }: { label: string; title: string; children: ReactNode }) {
  return (
    <>
      <dt>{label}</dt>
      <dd title={title}>{children}</dd>
    </>
  )
}

function shownName(view: MapView, id: string): string {
  const node = view.nodes.find((n) => n.id === id)
  return node ? nameParts(node).name : id
}

function kindText(node: MapNode): string {
  return node.kind === 'backend' ? `${node.type.toLowerCase()} backend` : node.kind
}

interface NodePanelProps extends Omit<Props, 'selected'> {
  node: MapNode
}

function NodePanel({ application, node, view, onSelect, onFocus, onToggleGroup }: NodePanelProps) {
  const isGroup = node.kind === 'group'
  const nameOf = (id: string) => shownName(view, id)
  const incoming = view.edges.filter((e) => e.to === node.id)
  const outgoing = view.edges.filter((e) => e.from === node.id)
  const measured: MeasuredKind | null = isGroup || node.kind === 'application' ? null : node.kind === 'tier' ? 'tiers' : 'backends'
  return (
    <Frame title={nameParts(node).name} sub={`${kindText(node)} · ${node.kind === 'backend' || node.kind === 'queue' ? systemText(node) : subtitleOf(node)}`} icon={<EntityIcon kind={node.kind} type={node.type} size={18} />} onClose={() => onSelect(null)}>
      {node.hints.map((hint) => (
        <div key={hint} className={styles.hint}>
          {hint}
        </div>
      ))}
      <FigureList figures={node.figures} of={node.members.length} />
      <div className={styles.buttons}>
        {isGroup && (
          <Button variant="light" leftSection={<IconArrowsDiagonal size={14} />} onClick={() => onToggleGroup(node.id)}>
            Open the group
          </Button>
        )}
        {!isGroup && view.memberOf.has(node.anchor) && (
          <Button variant="default" onClick={() => onToggleGroup(view.memberOf.get(node.anchor) ?? '')}>
            Group again
          </Button>
        )}
        <Button variant="default" leftSection={<IconFocus2 size={14} />} onClick={() => onFocus(node.id)}>
          Focus
        </Button>
      </div>
      {measured && <EntityTrend key={node.anchor} kind={measured} id={node.anchor} />}
      {!isGroup && node.members[0] && (
        <div className={styles.links}>
          <RangeLink to={entityPath(application, node.members[0])}>{node.kind === 'application' ? 'Open the application' : 'Open its page'}</RangeLink>
        </div>
      )}
      {node.kind === 'tier' && (
        <div className={styles.links}>
          {node.entry && (
            <RangeLink to={paths.snapshots(application)} extra={{ tier: node.anchor }}>
              Snapshots
            </RangeLink>
          )}
          <RangeLink to={paths.businessTransactions(application)} extra={{ filter: node.name }}>
            Business transactions
          </RangeLink>
          <RangeLink to={paths.tiers(application)} extra={{ filter: node.name }}>
            Nodes
          </RangeLink>
        </div>
      )}
      <CallList title="Called by" edges={incoming} nameOf={(e) => nameOf(e.from)} onSelect={onSelect} />
      <CallList title="Calls" edges={outgoing} nameOf={(e) => nameOf(e.to)} onSelect={onSelect} />
      {isGroup && <Members node={node} />}
    </Frame>
  )
}

function EntityTrend({ kind, id }: { kind: MeasuredKind; id: number }) {
  const query = useEntitySeries(kind, id)
  return (
    <Loaded query={query} what="the figures over time" lines={3}>
      {(series: Series) => (
        <Suspense fallback={null}>
          <SeriesCharts series={series} compact />
        </Suspense>
      )}
    </Loaded>
  )
}

function CallList({ title, edges, nameOf, onSelect }: { title: string; edges: MapEdge[]; nameOf(edge: MapEdge): string; onSelect(id: string): void }) {
  if (edges.length === 0) return null
  const ordered = [...edges].sort((a, b) => b.figures.calls - a.figures.calls)
  return (
    <div>
      <h4>
        {title} ({edges.length})
      </h4>
      <ul className={styles.calls}>
        {ordered.slice(0, 30).map((edge) => (
          <li key={edge.id}>
            <button type="button" onClick={() => onSelect(edge.id)}>
              <Middle text={nameOf(edge)} />
              <em>{short(edge.figures.calls_per_minute)}/min</em>
              <em>{responseTime(edge.figures.average_ms)}</em>
            </button>
          </li>
        ))}
      </ul>
    </div>
  )
}

function Members({ node }: { node: MapNode }) {
  const ordered = [...node.members].sort((a, b) => (b.figures?.calls ?? 0) - (a.figures?.calls ?? 0))
  return (
    <div>
      <h4>Members ({node.members.length})</h4>
      <dl className={styles.facts}>
        {ordered.slice(0, 40).map((member) => (
          <Fact key={member.id} label={nameParts(member).name} title={exact(member.figures?.calls_per_minute ?? null, 'calls/min')}>
            {short(member.figures?.calls_per_minute ?? null)}/min
          </Fact>
        ))}
      </dl>
    </div>
  )
}

function EdgePanel({ edge, view, onSelect }: { edge: MapEdge; view: MapView; onSelect(id: string | null): void }) {
  const nameOf = (id: string) => shownName(view, id)
  return (
    <Frame title={`${nameOf(edge.from)} → ${nameOf(edge.to)}`} sub={`${edge.type.toLowerCase()} call${edge.async ? ', asynchronous' : ''}${edge.resolved ? '' : ', address not resolved to a tier'}`} onClose={() => onSelect(null)}>
      <FigureList figures={edge.figures} of={edge.parts.length} />
      <div className={styles.buttons}>
        <Button variant="default" onClick={() => onSelect(edge.from)}>
          {nameOf(edge.from)}
        </Button>
        <Button variant="default" onClick={() => onSelect(edge.to)}>
          {nameOf(edge.to)}
        </Button>
      </div>
      {edge.parts.length > 1 && <p>{edge.parts.length} calls between members are drawn as one.</p>}
    </Frame>
  )
}
