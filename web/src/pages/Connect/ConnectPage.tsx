import { useTitle } from '../../app/useTitle'
import page from '../page.module.css'
import { ConnectPanel } from './ConnectPanel'
import { useTurnsIntoMap } from './useTurnsIntoMap'

export function ConnectPage() {
  useTitle('Connect an agent')
  useTurnsIntoMap()
  return (
    <div className={page.page}>
      <div className={page.title}>
        <h1>Connect an agent</h1>
        <span className={page.muted}>Any OpenTelemetry agent or Collector can report here, over HTTPS with an access key.</span>
      </div>
      <ConnectPanel />
    </div>
  )
}
