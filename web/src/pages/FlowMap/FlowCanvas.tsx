import '@xyflow/react/dist/base.css'
import { Background, Controls, getViewportForBounds, MiniMap, ReactFlow, ReactFlowProvider, useReactFlow, useStore, type Node, type NodeChange } from '@xyflow/react'
import { useCallback, useEffect, useMemo, useRef, useState, type KeyboardEvent } from 'react'
import { severityOf } from '../../format/severity'
import { CallEdge, type CallEdgeType } from './CallEdge'
import { EntityNode, ZoomContext, type EntityNodeType, type ZoomLevel } from './EntityNode'
import { useCounted } from './counted'
import styles from './FlowCanvas.module.css'
import { neighbourhood } from './model/focus'
import { busiest, labelPositions, weightOf } from './model/labels'
import { NODE_HEIGHT, NODE_WIDTH } from './model/measures'
import type { MapView, Point } from './model/view'
import { edgeSummary } from './summary'

const NODE_TYPES = { entity: EntityNode }
const EDGE_TYPES = { call: CallEdge }
const MINIMAP_ABOVE = 30
const MIN_ZOOM = 0.06
/** A pane narrower than this shows a part of the map, in letters that can be read. */
const NARROW = 600
const LEGIBLE = 0.5
/** What the panel beside the map covers. */
const PANEL = 330
/** Given as measured too: the library waits for it before it fits the map, and measures again only what changes its size. */
const SIZE = { width: NODE_WIDTH, height: NODE_HEIGHT }
const HANDLES = [
  { type: 'target' as const, position: 'left' as never, x: 0, y: NODE_HEIGHT / 2, width: 1, height: 1 },
  { type: 'source' as const, position: 'right' as never, x: NODE_WIDTH - 1, y: NODE_HEIGHT / 2, width: 1, height: 1 },
]

function zoomLevel(zoom: number): ZoomLevel {
  return zoom >= 0.52 ? 'near' : zoom >= 0.3 ? 'far' : 'tiny'
}

/** The nodes and edges of a path. */
export interface Lit {
  nodes: ReadonlySet<string>
  edges: ReadonlySet<string>
}

export interface FlowCanvasProps {
  view: MapView
  places: ReadonlyMap<string, Point>
  selected: string | null
  /** What stays bright while nothing is selected; all of it unless given. */
  lit?: Lit
  /** Changes when another part is shown: the map is fitted to the screen then, and only then. */
  fitKey: string
  onSelect(id: string | null): void
  onOpen(id: string): void
  onMove(id: string, to: Point): void
}

export default function FlowCanvas(props: FlowCanvasProps) {
  return (
    <ReactFlowProvider>
      <Canvas {...props} />
    </ReactFlowProvider>
  )
}

function Canvas({ view, places, selected, lit, fitKey, onSelect, onOpen, onMove }: FlowCanvasProps) {
  const [dragged, setDragged] = useState<{ id: string; at: Point } | null>(null)
  const [hovered, setHovered] = useState<string | null>(null)
  const zoom = useStore((s) => zoomLevel(s.transform[2]))
  const near = useMemo(() => nearTo(view, selected) ?? lit ?? null, [view, selected, lit])
  const nodes = useNodes(view, places, dragged, selected, near?.nodes ?? null)
  const edges = useEdges(view, places, selected, hovered, near, onSelect)
  useFit(fitKey, places, selected)
  useFocusBack(selected)

  const onNodesChange = useCallback(
    (changes: NodeChange<EntityNodeType>[]) => {
      for (const change of changes) {
        if (change.type !== 'position' || !change.position) continue
        if (change.dragging) setDragged({ id: change.id, at: change.position })
      }
    },
    [],
  )
  const drop = useCallback(
    (_: unknown, node: Node) => {
      setDragged(null)
      onMove(node.id, node.position)
    },
    [onMove],
  )
  // Escape on an entity lets go of what is selected. The library's own Escape would take the focus away as well.
  const letGo = (event: KeyboardEvent<HTMLDivElement>) => {
    if (event.key !== 'Escape' || !selected || !(event.target as HTMLElement).dataset.id) return
    event.stopPropagation()
    onSelect(null)
  }
  return (
    <div className={styles.canvas} data-zoom={zoom} onKeyDownCapture={letGo}>
      <ZoomContext value={zoom}>
        <ReactFlow
          nodes={nodes}
          edges={edges}
          nodeTypes={NODE_TYPES}
          edgeTypes={EDGE_TYPES}
          onNodesChange={onNodesChange}
          onNodeDragStop={drop}
          onNodeClick={(_, node) => onSelect(node.id)}
          onNodeDoubleClick={(_, node) => onOpen(node.id)}
          onEdgeClick={(_, edge) => onSelect(edge.id)}
          onEdgeMouseEnter={(_, edge) => setHovered(edge.id)}
          onEdgeMouseLeave={() => setHovered(null)}
          onPaneClick={() => onSelect(null)}
          onlyRenderVisibleElements={nodes.length > 60}
          nodesConnectable={false}
          elevateNodesOnSelect={false}
          edgesFocusable={false}
          nodeDragThreshold={3}
          zoomOnDoubleClick={false}
          minZoom={MIN_ZOOM}
          maxZoom={2}
          proOptions={{ hideAttribution: true }}
          onKeyDown={(event) => {
            const id = (event.target as HTMLElement).dataset.id
            if (id && (event.key === 'Enter' || event.key === ' ')) onSelect(id)
          }}
        >
          <Background gap={24} size={1} color="var(--v-border)" />
          <Controls showInteractive={false} position="bottom-right" />
          {nodes.length > MINIMAP_ABOVE && <MiniMap pannable zoomable position="top-right" nodeColor={miniColour} maskColor="color-mix(in srgb, var(--v-bg) 70%, transparent)" style={{ width: 150, height: 96 }} ariaLabel="Small map" />}
        </ReactFlow>
      </ZoomContext>
    </div>
  )
}

function miniColour(node: EntityNodeType): string {
  return { critical: 'var(--v-crit-fill)', warning: 'var(--v-warn-fill)', normal: 'var(--v-edge)' }[severityOf(node.data.entity.figures)]
}

/** What stays bright while something is selected; null when nothing is. */
function nearTo(view: MapView, selected: string | null): Lit | null {
  if (!selected) return null
  const edge = view.edges.find((e) => e.id === selected)
  if (edge) return { nodes: new Set([edge.from, edge.to]), edges: new Set([edge.id]) }
  return view.nodes.some((n) => n.id === selected) ? neighbourhood(view, selected) : null
}

function useNodes(view: MapView, places: ReadonlyMap<string, Point>, dragged: { id: string; at: Point } | null, selected: string | null, near: ReadonlySet<string> | null): EntityNodeType[] {
  const settled = useMemo(
    () =>
      view.nodes.map<EntityNodeType>((entity) => ({
        id: entity.id,
        type: 'entity',
        position: places.get(entity.id) ?? { x: 0, y: 0 },
        ...SIZE,
        measured: SIZE,
        handles: HANDLES,
        selected: entity.id === selected,
        ariaLabel: entity.name,
        data: { entity, dimmed: near !== null && !near.has(entity.id) },
      })),
    [view, places, selected, near],
  )
  return useMemo(() => (dragged ? settled.map((n) => (n.id === dragged.id ? { ...n, position: dragged.at } : n)) : settled), [settled, dragged])
}

function useEdges(view: MapView, places: ReadonlyMap<string, Point>, selected: string | null, hovered: string | null, near: Lit | null, onSelect: (id: string) => void): CallEdgeType[] {
  const counted = useCounted()
  const settled = useMemo(() => {
    // While something is selected, the texts are those of its calls, and only what stays bright is in their way.
    const bright = near ? view.edges.filter((e) => near.edges.has(e.id)) : view.edges
    const inTheWay = near ? new Map([...places].filter(([id]) => near.nodes.has(id))) : places
    const chosen = busiest(bright)
    const texts = new Set(chosen.map((e) => e.id))
    const labels = labelPositions(chosen, inTheWay, bright.filter((e) => !texts.has(e.id) && severityOf(e.figures) !== 'normal'))
    const names = new Map(view.nodes.map((n) => [n.id, n.name]))
    const nameOf = (id: string) => names.get(id) ?? id
    const most = busiest(view.edges, 1)[0]?.figures.calls_per_minute ?? 0
    return view.edges.map<CallEdgeType>((call) => ({
      id: call.id,
      source: call.from,
      target: call.to,
      type: 'call',
      ariaLabel: `${nameOf(call.from)} → ${nameOf(call.to)}`,
      data: {
        call,
        weight: weightOf(call.figures.calls_per_minute, most),
        text: texts.has(call.id),
        label: labels.get(call.id) ?? null,
        asked: false,
        hot: near?.edges.has(call.id) ?? false,
        dimmed: near !== null && !near.edges.has(call.id),
        summary: edgeSummary(call, nameOf, counted),
        onSelect,
      },
    }))
  }, [view, places, near, counted, onSelect])
  return useMemo(() => {
    if (!hovered && !selected) return settled
    return settled.map((e) => (e.data && (e.id === hovered || e.id === selected) ? { ...e, data: { ...e.data, asked: true, hot: true, dimmed: false } } : e))
  }, [settled, hovered, selected])
}

function boundsOf(places: ReadonlyMap<string, Point>) {
  const all = [...places.values()]
  const x = Math.min(...all.map((p) => p.x)) - 16
  const y = Math.min(...all.map((p) => p.y))
  return { x, y, width: Math.max(...all.map((p) => p.x)) + NODE_WIDTH - x, height: Math.max(...all.map((p) => p.y)) + NODE_HEIGHT - y }
}

/** All of the map; on a telephone, where that would be too small to be read, what lies on the left of it. */
function viewportOf(bounds: ReturnType<typeof boundsOf>, width: number, height: number) {
  const all = getViewportForBounds(bounds, width, height, MIN_ZOOM, 1.05, 0.03)
  if (width >= NARROW || all.zoom >= LEGIBLE) return all
  const above = Math.max(12, (height - bounds.height * LEGIBLE) / 2)
  return { x: 20 - bounds.x * LEGIBLE, y: above - bounds.y * LEGIBLE, zoom: LEGIBLE }
}

/** Whoever lets go of an entity or a call by keyboard is back on it, also where the map drew it anew in the meantime. */
function useFocusBack(selected: string | null): void {
  const last = useRef(selected)
  useEffect(() => {
    const before = last.current
    last.current = selected
    if (selected || !before || document.activeElement !== document.body) return
    const id = CSS.escape(before)
    document.querySelector<HTMLElement>(`.react-flow__node[data-id="${id}"], button[data-call="${id}"]`)?.focus({ preventScroll: true })
  }, [selected])
}

/** Fits when another part is shown, never on a refresh; and brings what was selected elsewhere into sight. */
function useFit(fitKey: string, places: ReadonlyMap<string, Point>, selected: string | null): void {
  const flow = useReactFlow()
  const width = useStore((s) => s.width)
  const height = useStore((s) => s.height)
  const ready = width > 0 && height > 0
  const fitted = useRef<string | null>(null)
  useEffect(() => {
    if (!ready || fitted.current === fitKey) return
    const first = fitted.current === null
    fitted.current = fitKey
    const { x, y, zoom } = viewportOf(boundsOf(places), width, height)
    void flow.setViewport({ x, y, zoom }, { duration: first ? 0 : 250 })
  }, [ready, fitKey, flow, places, width, height])
  useEffect(() => {
    const node = selected && flow.getInternalNode(selected)
    if (!ready || !node) return
    const start = flow.flowToScreenPosition(node.position)
    const end = flow.flowToScreenPosition({ x: node.position.x + NODE_WIDTH, y: node.position.y + NODE_HEIGHT })
    const pane = document.querySelector(`.${styles.canvas}`)?.getBoundingClientRect()
    const outside = pane && (start.x < pane.left || end.x > pane.right - PANEL || start.y < pane.top || end.y > pane.bottom)
    if (outside) void flow.setCenter(node.position.x + NODE_WIDTH, node.position.y + NODE_HEIGHT / 2, { zoom: Math.max(0.8, flow.getZoom()), duration: 250 })
  }, [selected, ready, flow])
}
