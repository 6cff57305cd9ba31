import { lazy, Suspense, useMemo, useState } from 'react'
import { useNavigate } from 'react-router'
import type { AnomalyDetail, Suspect } from '../../api/types'
import { useHref } from '../../app/urlState'
import { paths } from '../../app/paths'
import { useMapOf } from '../../components/anomaly/queries'
import { Card } from '../../components/card/Card'
import { RangeLink } from '../../components/link/RangeLink'
import { Loaded } from '../../components/states/Loaded'
import { Loading } from '../../components/states/Loading'
import { viewOf } from '../FlowMap/model/grouping'
import { usePlacement } from '../FlowMap/usePlacement'
import styles from './Anomaly.module.css'
import type { Window } from './links'
import { sliceOf, type Slice } from './slice'

const FlowCanvas = lazy(() => import('../FlowMap/FlowCanvas'))

interface Props {
  detail: AnomalyDetail
  /** Whose path is lit. */
  suspect: Suspect | null
  window: Window
}

/** The part of the flow map it took place on, the path lit from the suspect to who suffers. */
export function SliceCard({ detail, suspect, window }: Props) {
  const application = detail.anomaly.application.id
  const query = useMapOf(application, window.from, window.to)
  const slice = useMemo(() => query.data && sliceOf(query.data, detail, suspect), [query.data, detail, suspect])
  const steps = suspect?.path ?? detail.path
  const extra = { range: null, live: null, ...window }
  return (
    <Card title="Where it spread" note={steps.length > 1 ? steps.map((step) => step.entity.name).join(' → ') : undefined} actions={<RangeLink to={paths.flowMap(application)} extra={extra}>The whole map then</RangeLink>}>
      <Loaded query={query} what="the flow map" lines={5}>
        {() => (slice ? <Canvas key={slice.map.nodes.map((node) => node.id).join(',')} slice={slice} application={application} extra={extra} /> : <p className={styles.remark}>Nothing of it is on the flow map of that time.</p>)}
      </Loaded>
    </Card>
  )
}

const nothing = () => undefined

function Canvas({ slice, application, extra }: { slice: Slice; application: number; extra: Record<string, number | null> }) {
  const navigate = useNavigate()
  const href = useHref()
  const [selected, setSelected] = useState<string | null>(null)
  const view = useMemo(() => viewOf(slice.map, new Set()), [slice])
  const placement = usePlacement(application, view, 'slice')
  return (
    <div className={styles.map}>
      <Suspense fallback={<Loading what="the flow map" lines={5} />}>
        <FlowCanvas view={view} places={placement.places} selected={selected} lit={slice.lit} fitKey="slice" onSelect={setSelected} onOpen={(id) => void navigate(href(paths.flowMap(application), { ...extra, selected: id }))} onMove={nothing} />
      </Suspense>
    </div>
  )
}
