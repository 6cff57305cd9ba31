import { useParams } from 'react-router'
import { useTrace } from '../../api/queries'
import type { Trace } from '../../api/types'
import { useTitle } from '../../app/useTitle'
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
      <Loaded query={query} what="the trace" lines={12}>
        {(trace: Trace) => <TraceView trace={trace} />}
      </Loaded>
    </div>
  )
}
