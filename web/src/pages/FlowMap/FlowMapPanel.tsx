import { lazy, Suspense, useCallback, useMemo } from 'react'
import { useFlowMap, type MapPart } from '../../api/queries'
import type { FlowMap, LayoutGroup } from '../../api/types'
import { paths } from '../../app/paths'
import { Card } from '../../components/card/Card'
import { useApplicationsHealth, useHealth } from '../../components/health/queries'
import { RangeLink } from '../../components/link/RangeLink'
import { Empty } from '../../components/states/Empty'
import { Loaded } from '../../components/states/Loaded'
import { Loading } from '../../components/states/Loading'
import { plural } from '../../format/numbers'
import { FlowMapTables } from './FlowMapTables'
import styles from './FlowMapPanel.module.css'
import { FlowToolbar } from './FlowToolbar'
import { LayoutsButton } from './layouts/LayoutsButton'
import { placedBy, useChosenLayout, type ChosenLayout } from './layouts/useChosenLayout'
import { Legend } from './Legend'
import { ChangesView } from './ChangesView'
import { filtered } from './model/filter'
import { focused } from './model/focus'
import { MapHealthContext } from './mapHealth'
import { viewOf } from './model/grouping'
import type { MapView, Point } from './model/view'
import { SidePanel } from './SidePanel'
import { useFlowMapState } from './useFlowMapState'
import { positionsOf, usePlacement } from './usePlacement'

const FlowCanvas = lazy(() => import('./FlowCanvas'))

interface Props {
  application: number
  /** Only this part of the application's map. */
  part?: MapPart
}

export function FlowMapPanel({ application, part }: Props) {
  const query = useFlowMap(application, part)
  const layout = useChosenLayout(application, part)
  const { chosen, loading } = layout
  const ofAll = part !== undefined && 'all' in part
  const entities = useHealth(ofAll ? null : application)
  const applications = useApplicationsHealth(ofAll)
  const map = useMemo(() => query.data && placedBy(query.data, chosen), [query.data, chosen])
  // Another layout is another map: what was remembered of places belongs to the one before.
  if (map && map.nodes.length > 0 && !loading) {
    return (
      <MapHealthContext value={ofAll ? applications : entities}>
        <FlowMapCard key={chosen?.id ?? 'own'} map={map} query={query} application={application} part={part} layout={layout} />
      </MapHealthContext>
    )
  }
  if (map && map.nodes.length > 0) {
    return (
      <Card grow title="Flow map">
        <Loading what="the layout" lines={8} />
      </Card>
    )
  }
  return (
    <Card grow title="Flow map">
      <Loaded query={query} what="the flow map" lines={8}>
        {() => (
          <Empty title="Nothing was called in this range">
            The map shows what reported between the two ends of the time range. Choose a longer one, or <RangeLink to={paths.connect}>connect an agent</RangeLink>.
          </Empty>
        )}
      </Loaded>
    </Card>
  )
}

function placesOf(places: ReadonlyMap<string, Point>, { nodes }: MapView): ReadonlyMap<string, Point> {
  const ids = new Set(nodes.map((n) => n.id))
  return nodes.length === places.size ? places : new Map([...places].filter(([id]) => ids.has(id)))
}

interface CardProps extends Props {
  layout: ChosenLayout
  map: FlowMap
  query: ReturnType<typeof useFlowMap>
}

const NO_GROUPS: LayoutGroup[] = []

function FlowMapCard({ map, query, application, part: of, layout }: CardProps) {
  const [state, change] = useFlowMapState()
  const { selected, focus, hops, filter } = state
  const table = state.view === 'table'
  const expandKey = [...state.expanded].sort().join(',')
  const own = layout.chosen?.groups ?? NO_GROUPS
  const whole = useMemo(() => viewOf(map, new Set(expandKey ? expandKey.split(',') : []), own), [map, expandKey, own])
  // The table knows no groups.
  const flat = useMemo(() => (table ? { ...viewOf(map, new Set(whole.groups), own), memberOf: new Map<number, string>() } : whole), [map, whole, table, own])
  const centre = focus && whole.nodes.some((n) => n.id === focus) ? focus : null
  const view = useMemo(() => (centre ? focused(whole, centre, hops) : whole), [whole, centre, hops])
  const part = centre ? `focus:${centre}` : of && !layout.store ? Object.entries(of).flat().join(':') : null
  const placement = usePlacement(application, view, part, layout.store)
  // What the filter hides keeps its place.
  const shown = useMemo(() => filtered(view, { minCalls: filter.minCalls, errorsOnly: filter.errorsOnly }), [view, filter.minCalls, filter.errorsOnly])
  const places = useMemo(() => placesOf(placement.places, shown), [placement.places, shown])
  const nameOf = (id: string) => whole.nodes.find((n) => n.id === id)?.name ?? id
  const expandedAll = whole.groups.length > 0 && whole.groups.every((g) => state.expanded.has(g))

  const select = useCallback((id: string | null) => change({ selected: id }), [change])
  const focusOn = (id: string) => change({ focus: id, hops: '1', view: null })
  const toggleGroup = useCallback(
    (id: string) => {
      const open = new Set(expandKey ? expandKey.split(',') : [])
      if (open.has(id)) open.delete(id)
      else open.add(id)
      change({ expand: [...open].join(','), selected: null })
    },
    [change, expandKey],
  )
  const open = useCallback((id: string) => (id.startsWith('group:') ? toggleGroup(id) : change({ focus: id, hops: '1' })), [toggleGroup, change])
  const find = (entity: number) => {
    const group = whole.memberOf.get(entity)
    const hidden = group !== undefined && !state.expanded.has(group)
    change({ selected: String(entity), focus: null, ...(hidden ? { expand: [...state.expanded, group].join(',') } : {}) })
  }

  return (
    <Card
      grow
      title={of && 'all' in of ? 'Calls between applications' : 'Flow map'}
      note={`${plural(map.nodes.length, 'entity', 'entities')}, ${plural(map.edges.length, 'call', 'calls')}${shown.nodes.length < map.nodes.length ? `, shown as ${shown.nodes.length}` : ''}`}
      actions={
        <FlowToolbar
          map={map}
          view={state.view}
          filter={filter}
          focusName={centre && nameOf(centre)}
          hops={hops}
          groups={whole.groups.length}
          expandedAll={expandedAll}
          onFind={find}
          onView={(wanted) => change({ view: wanted === 'map' ? null : wanted })}
          onFilter={({ minCalls, errorsOnly }) => change({ 'min-calls': minCalls > 0 ? String(minCalls) : null, failing: errorsOnly ? 'only' : null })}
          onHops={(n) => change({ hops: String(n) })}
          onUnfocus={() => change({ focus: null, hops: null })}
          onToggleGroups={() => change({ expand: expandedAll ? null : whole.groups.join(','), selected: null })}
          onArrange={placement.arrange}
          layouts={<LayoutsButton map={map} layout={layout} application={application} positions={centre ? [] : positionsOf(view, placement.places)} />}
        />
      }
    >
      <Loaded query={query} what="the flow map">
        {() =>
          state.view === 'changes' ? (
            <ChangesView application={application} part={of} map={map} />
          ) : table ? (
            <div className={styles.body}>
              <FlowMapTables map={map} selected={selected} onSelect={select} />
              <SidePanel application={application} view={flat} selected={selected} onSelect={select} onFocus={focusOn} onToggleGroup={toggleGroup} />
            </div>
          ) : (
            <div className={styles.body}>
              {placement.problem && (
                <div className={styles.problem} role="alert">
                  Places could not be stored: {placement.problem}
                </div>
              )}
              {shown.nodes.length === 0 && (
                <div className={styles.nothing}>
                  <Empty title="No call passes the filter">Lower the least calls per minute, or show what does not fail too.</Empty>
                </div>
              )}
              <Suspense fallback={<Loading what="the flow map" lines={8} />}>
                {shown.nodes.length > 0 && (
                  <FlowCanvas view={shown} places={places} selected={selected} fitKey={`${part}:${hops}:${expandKey}:${placement.arranged}`} onSelect={select} onOpen={open} onMove={placement.move} />
                )}
              </Suspense>
              <SidePanel application={application} view={whole} selected={selected} onSelect={select} onFocus={focusOn} onToggleGroup={toggleGroup} />
            </div>
          )
        }
      </Loaded>
      {state.view === 'map' && <Legend grouped={whole.groups.length > 0} />}
    </Card>
  )
}
