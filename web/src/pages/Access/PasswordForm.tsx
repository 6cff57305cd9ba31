import { Button, PasswordInput } from '@mantine/core'
import { useState, type FormEvent } from 'react'
import { useSession } from '../../api/session'
import styles from './Access.module.css'
import { passwordProblem } from './password'
import { useChangePassword } from './queries'

/** Another password for oneself. */
export function PasswordForm() {
  const user = useSession().data?.user
  const change = useChangePassword()
  const [current, setCurrent] = useState('')
  const [wanted, setWanted] = useState('')
  const [again, setAgain] = useState('')
  const problem = wanted === '' ? null : passwordProblem(wanted, user?.name ?? '')
  const differs = again !== '' && again !== wanted ? 'Not the same as above.' : null
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const clear = () => [setCurrent, setWanted, setAgain].forEach((set) => set(''))
    change.mutate({ current, new: wanted }, { onSuccess: clear })
  }
  return (
    <form className={styles.editor} aria-label="Change your password" onSubmit={submit}>
      <div className={styles.fields}>
        <PasswordInput label="Current password" autoComplete="current-password" value={current} onChange={(e) => setCurrent(e.currentTarget.value)} />
        <PasswordInput label="New password" autoComplete="new-password" description="At least 12 characters" value={wanted} error={problem} onChange={(e) => setWanted(e.currentTarget.value)} />
        <PasswordInput label="New password again" autoComplete="new-password" value={again} error={differs} onChange={(e) => setAgain(e.currentTarget.value)} />
      </div>
      {change.error && (
        <p className={styles.problem} role="alert">
          {change.error.message}
        </p>
      )}
      <div className={styles.actions}>
        <Button type="submit" loading={change.isPending} disabled={current === '' || wanted === '' || wanted !== again || problem !== null}>
          Change the password
        </Button>
        {change.isSuccess && <span role="status">It is changed; your other sessions have ended.</span>}
      </div>
    </form>
  )
}
