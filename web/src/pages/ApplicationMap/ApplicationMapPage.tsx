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
        <span className={page.muted}>Calls from a tier of one to a tier of another. What they share through a queue or a database belongs to each on its own and is on no edge.</span>
        <RangeLink to={paths.applications}>As a list</RangeLink>
      </div>
      <FlowMapPanel application={0} part={ALL} />
    </div>
  )
}
