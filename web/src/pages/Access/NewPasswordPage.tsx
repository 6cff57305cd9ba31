import { Button } from '@mantine/core'
import { useSignOut } from '../../api/session'
import { useTitle } from '../../app/useTitle'
import { Card } from '../../components/card/Card'
import styles from './Access.module.css'
import { PasswordForm } from './PasswordForm'

/** Before anything else: somebody else knows this password. */
export function NewPasswordPage() {
  const signOut = useSignOut()
  useTitle('New password')
  return (
    <main className={styles.narrow}>
      <h1 className="sr-only">Choose a new password</h1>
      <Card title="Choose a new password" note="the one you signed in with was set by somebody else" actions={<Button variant="default" size="compact-sm" onClick={() => void signOut()}>Sign out</Button>}>
        <PasswordForm />
      </Card>
    </main>
  )
}
