import { useParams } from 'react-router'
import { useTrace } from '../../api/queries'
import type { Trace } from '../../api/types'
import { useTitle } from '../../app/useTitle'
import { Card } from '../../components/card/Card'
import { Empty } from '../../components/states/Empty'
import { Loaded } from '../../components/states/Loaded'
import page from '../page.module.css'
import { TraceView } from './TraceView'

export function TracePage() {
  const { traceId = '' } = useParams()
  const query = useTrace(traceId)
  const bt = query.data?.bts[0]
  useTitle(['Trace', bt?.name, bt?.application.name])
  return (
    <div className={page.fill}>
      {query.error?.status === 404 ? (
        <Card grow title="Trace" level={1}>
          <Empty title="This trace is not kept">All traces are kept for 24 h, those chosen as snapshots for 14 days. A trace that was sent just now appears within seconds.</Empty>
        </Card>
      ) : (
        <Loaded query={query} what="the trace" lines={12}>
          {(trace: Trace) => <TraceView trace={trace} />}
        </Loaded>
      )}
    </div>
  )
}
