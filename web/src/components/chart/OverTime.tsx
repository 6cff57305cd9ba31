import { lazy, Suspense, type ReactNode } from 'react'
import type { Result } from '../../api/queries'
import type { Bands, Series } from '../../api/types'
import type { Watched } from '../anomaly/ModelLink'
import { BaselineSelect } from '../baseline/BaselineSelect'
import { Card } from '../card/Card'
import { Loaded } from '../states/Loaded'
import { Loading } from '../states/Loading'
import type { About } from './SeriesCharts'
import styles from './Chart.module.css'

const SeriesCharts = lazy(() => import('./SeriesCharts'))

interface Props {
  title?: string
  note?: ReactNode
  actions?: ReactNode
  query: Result<Series>
  /** Whose baselines may be chosen; without it the default one is drawn. */
  application?: number
  /** Whom a rule made of these charts would be about. */
  about?: About
  /** Whose model can be looked at. */
  watched?: Pick<Watched, 'kind' | 'id'>
}

/** The card of what one measured thing did over the page's range. The library that draws is loaded with the first one. */
export function OverTime({ title = 'Over time', note, actions, query, application, about, watched }: Props) {
  return (
    <Card
      title={title}
      note={<Remarks note={note} bands={query.data?.bands ?? null} />}
      actions={
        <>
          {actions}
          {application !== undefined && <BaselineSelect application={application} />}
        </>
      }
    >
      <div className={styles.body}>
        <Loaded query={query} what="the figures over time" lines={6}>
          {(data: Series) => (
            <Suspense fallback={<Loading what="the charts" lines={6} />}>
              <SeriesCharts series={data} rules={about && application !== undefined ? { application, about } : undefined} watched={watched && application !== undefined ? { ...watched, application } : undefined} />
            </Suspense>
          )}
        </Loaded>
      </div>
    </Card>
  )
}

/** With why there is no band, or what it is made of where that is less than its season: in the title's line, where it moves nothing. */
function Remarks({ note, bands }: { note: ReactNode; bands: Bands | null }) {
  const unknown = unknownOf(bands)
  return (
    <>
      {note}
      {note && unknown && ' · '}
      {unknown}
    </>
  )
}

function unknownOf(bands: Bands | null): string | null {
  if (!bands) return null
  const known = bands.hours.flatMap(({ average_ms, calls, errors }) => [average_ms, calls, errors]).filter((band) => band !== null)
  if (known.length === 0) return 'no baseline yet: it takes two complete hours'
  return known.every((band) => band.from === 'last_day') ? 'what is expected is made of the day before, until more days are known' : null
}
