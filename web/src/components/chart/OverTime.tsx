import { lazy, Suspense, type ReactNode } from 'react'
import type { Result } from '../../api/queries'
import type { Series } from '../../api/types'
import { Card } from '../card/Card'
import { Loaded } from '../states/Loaded'
import { Loading } from '../states/Loading'

const SeriesCharts = lazy(() => import('./SeriesCharts'))

interface Props {
  title?: string
  note?: ReactNode
  actions?: ReactNode
  query: Result<Series>
}

/** The card of what one measured thing did over the page's range. The library that draws is loaded with the first one. */
export function OverTime({ title = 'Over time', note, actions, query }: Props) {
  return (
    <Card title={title} note={note} actions={actions}>
      <Loaded query={query} what="the figures over time" lines={6}>
        {(data: Series) => (
          <Suspense fallback={<Loading what="the charts" lines={6} />}>
            <SeriesCharts series={data} />
          </Suspense>
        )}
      </Loaded>
    </Card>
  )
}
