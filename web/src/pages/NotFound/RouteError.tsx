import { Button } from '@mantine/core'
import { useRouteError } from 'react-router'
import { Empty } from '../../components/states/Empty'

/** A page that broke or could not be loaded (after an upgrade its file has another name): reloading mends both. */
export function RouteError() {
  const error = useRouteError()
  return (
    <div role="alert">
      <Empty title="This page could not be shown" level={1}>{error instanceof Error ? error.message : String(error)}</Empty>
      <div style={{ textAlign: 'center' }}>
        <Button onClick={() => location.reload()}>Reload</Button>
      </div>
    </div>
  )
}
