import { lazy, Suspense } from 'react'
import { Navigate, Outlet, useLocation, useNavigation } from 'react-router'
import { useAbout } from '../api/queries'
import { useSession } from '../api/session'
import { Failed } from '../components/states/Failed'
import { Loading } from '../components/states/Loading'
import { PartialBanner } from '../components/states/PartialBanner'
import { TimeRangeProvider } from '../time/TimeRangeContext'
import styles from './Frame.module.css'
import { Header } from './Header'

const NewPasswordPage = lazy(async () => ({ default: (await import('../pages/Access/NewPasswordPage')).NewPasswordPage }))

/** What is around every page of a signed-in user; others are sent to sign in and come back afterwards. */
export function Frame() {
  const session = useSession()
  const location = useLocation()
  useAbout()
  if (session.isPending) return <Loading what="Vedette" />
  if (session.isError) return <Failed what="Vedette" error={session.error} retry={() => void session.refetch()} />
  if (!session.data) return <Navigate to={`/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`} replace />
  if (session.data.must_change_password) {
    return (
      <Suspense fallback={<Loading what="the page" />}>
        <NewPasswordPage />
      </Suspense>
    )
  }
  return (
    <TimeRangeProvider>
      <div className={styles.frame}>
        <a className={styles.skip} href="#main">
          Skip to the page
        </a>
        <Header user={session.data.user} />
        <Progress />
        <PartialBanner />
        <main id="main" className={styles.main}>
          <Suspense fallback={<Loading what="the page" />}>
            <Outlet />
          </Suspense>
        </main>
      </div>
    </TimeRangeProvider>
  )
}

function Progress() {
  const navigation = useNavigation()
  return <div className={styles.progress} data-busy={navigation.state === 'loading' || undefined} aria-hidden />
}
