import { lazy, Suspense } from 'react'
import { useApplications } from '../../api/queries'
import type { Application, Page } from '../../api/types'
import { connected } from '../../app/own'
import { useTitle } from '../../app/useTitle'
import { Loaded } from '../../components/states/Loaded'
import { Loading } from '../../components/states/Loading'
import { useTurnsIntoMap } from '../Connect/useTurnsIntoMap'
import page from '../page.module.css'
import { ApplicationsTable } from './ApplicationsTable'

const FirstSteps = lazy(async () => ({ default: (await import('../Connect/FirstSteps')).FirstSteps }))

export function ApplicationsPage() {
  const query = useApplications()
  useTitle('Applications')
  useTurnsIntoMap()
  return (
    <div className={page.page}>
      <Loaded query={query} what="the applications">
        {(data: Page<Application>) =>
          connected(data.items).length > 0 ? (
            <ApplicationsTable applications={data.items} rest={query} />
          ) : (
            <Suspense fallback={<Loading what="how to connect" />}>
              <FirstSteps />
            </Suspense>
          )
        }
      </Loaded>
    </div>
  )
}
