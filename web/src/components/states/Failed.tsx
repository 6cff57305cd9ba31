import { Button } from '@mantine/core'
import { IconLock, IconPlugConnectedX } from '@tabler/icons-react'
import type { ApiError } from '../../api/client'
import styles from './states.module.css'

/** Asked and not answered: what failed, the server's own words, and a way to try again. */
export function Failed({ what, error, retry }: { what: string; error: ApiError; retry?: () => void }) {
  if (error.status === 403) return <Forbidden what={what} error={error} />
  return (
    <div className={`${styles.box} ${styles.failed}`} role="alert" data-state="failed">
      <IconPlugConnectedX size={28} stroke={1.4} aria-hidden />
      <h3>Could not load {what}</h3>
      <p>
        {error.message}{error.status > 0 && ` (HTTP\u00a0${error.status})`}
      </p>
      {retry && (
        <Button variant="default" onClick={retry}>
          Try again
        </Button>
      )}
    </div>
  )
}

/** Not for this user: which permission is missing, what it allows, and who can grant it, in the server's words. */
function Forbidden({ what, error }: { what: string; error: ApiError }) {
  const sentence = error.message.charAt(0).toUpperCase() + error.message.slice(1)
  return (
    <div className={styles.box} role="alert" data-state="forbidden">
      <IconLock size={28} stroke={1.4} aria-hidden />
      <h3>You may not see {what}</h3>
      <p>{sentence}.</p>
    </div>
  )
}
