import { paths } from '../../app/paths'
import { useTitle } from '../../app/useTitle'
import { RangeLink } from '../../components/link/RangeLink'
import { FlowMapPanel } from '../FlowMap/FlowMapPanel'
import page from '../page.module.css'

const ALL = { all: true } as const

/** Every application as one node, and the calls between them. */
export function ApplicationMapPage() {
  useTitle('All applications')
  return (
    <div className={page.fill}>
      <div className={page.title}>
        <h1>All applications</h1>
        <span className={page.muted}>Calls from one to another, and the databases, queues and other backends that at least two of them use.</span>
        <RangeLink to={paths.applications}>As a list</RangeLink>
      </div>
      <FlowMapPanel application={0} part={ALL} />
    </div>
  )
}
