import { Alert, Button, PasswordInput, TextInput } from '@mantine/core'
import { useState, type FormEvent } from 'react'
import { Navigate, useSearchParams } from 'react-router'
import { ApiError } from '../../api/client'
import { useSession, useSignIn } from '../../api/session'
import { useTitle } from '../../app/useTitle'
import { Logo } from '../../layout/Logo'
import { CaCard } from './CaCard'
import styles from './SignIn.module.css'

/** Only a path of this site: a link must not send people elsewhere after signing in. */
function safeNext(next: string | null): string {
  return next?.startsWith('/') && !next.startsWith('//') ? next : '/applications'
}

export function SignInPage() {
  const session = useSession()
  const [params] = useSearchParams()
  useTitle('Sign in')
  if (session.data) return <Navigate to={safeNext(params.get('next'))} replace />
  return (
    <main className={styles.page}>
      <div className={styles.column}>
        <div className={styles.brand}>
          <Logo size={40} />
          <div>
            <h1>Vedette</h1>
            <p>Application performance monitoring</p>
          </div>
        </div>
        <SignInForm />
        <CaCard />
      </div>
    </main>
  )
}

function messageOf(error: unknown): string {
  if (!(error instanceof ApiError)) return String(error)
  if (error.status === 401) return 'The user or the password is wrong. A forgotten admin password is replaced on the server: vedette admin reset-password.'
  if (error.status === 429) return `Too many attempts. ${error.message}`
  return error.message
}

function SignInForm() {
  const signIn = useSignIn()
  const [user, setUser] = useState('')
  const [password, setPassword] = useState('')
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<string | null>(null)
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setBusy(true)
    setProblem(null)
    try {
      await signIn(user.trim(), password)
    } catch (error) {
      setProblem(messageOf(error))
      setBusy(false)
    }
  }
  return (
    <form className={styles.card} aria-label="Sign in" onSubmit={(event) => void submit(event)}>
      <TextInput size="sm" label="User" autoComplete="username" autoFocus required withAsterisk={false} value={user} onChange={(e) => setUser(e.currentTarget.value)} />
      <PasswordInput size="sm" label="Password" autoComplete="current-password" required withAsterisk={false} value={password} onChange={(e) => setPassword(e.currentTarget.value)} />
      {problem && (
        <Alert color="red" variant="light" p="xs" role="alert">
          {problem}
        </Alert>
      )}
      <Button type="submit" size="sm" loading={busy} disabled={!user || !password}>
        Sign in
      </Button>
    </form>
  )
}
