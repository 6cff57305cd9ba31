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
      note={note}
      actions={
        <>
          {actions}
          {application !== undefined && <BaselineSelect application={application} />}
        </>
      }
    >
      <Unknown bands={query.data?.bands ?? null} />
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

/** Why there is no band, or what it is made of where that is less than its season. */
function Unknown({ bands }: { bands: Bands | null }) {
  if (!bands) return null
  const known = bands.hours.flatMap(({ average_ms, calls, errors }) => [average_ms, calls, errors]).filter((band) => band !== null)
  if (known.length === 0) return <p className={styles.remark}>No baseline yet: there is one from two complete hours on, and from the second day on one of its own for each hour of the day.</p>
  if (known.every((band) => band.from === 'last_day')) return <p className={styles.remark}>What is expected is made of the day before: “{bands.baseline.name}” knows too few hours like these yet.</p>
  return null
}
