import { useId } from '../../app/useId'
import page from '../page.module.css'
import { FlowMapPanel } from './FlowMapPanel'

export function FlowMapPage() {
  return (
    <div className={page.fill}>
      <FlowMapPanel application={useId('applicationId')} />
    </div>
  )
}
