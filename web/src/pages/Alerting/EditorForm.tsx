import { Button } from '@mantine/core'
import type { FormEvent, ReactNode } from 'react'
import { useNavigate } from 'react-router'
import { useMay } from '../../access/may'
import { useHref } from '../../app/urlState'
import { Card } from '../../components/card/Card'
import styles from './Alerting.module.css'

interface Props {
  title: string
  /** Where to when it is saved or left. */
  leave: string
  saving: boolean
  problem?: string
  onSubmit(done: () => void): void
  children: ReactNode
}

/** The fields of what is made or changed, and how they are saved. Who may not change anything reads them. */
export function EditorForm({ title, leave, saving, problem, onSubmit, children }: Props) {
  const navigate = useNavigate()
  const href = useHref()
  const mayChange = useMay()('configure')
  const back = () => void navigate(href(leave))
  const submit = (event: FormEvent) => {
    event.preventDefault()
    onSubmit(back)
  }
  return (
    <Card title={title}>
      <form onSubmit={submit}>
        <fieldset className={styles.fields} disabled={!mayChange}>
          {children}
        </fieldset>
        <div className={styles.foot}>
          {mayChange && (
            <Button type="submit" loading={saving}>
              Save
            </Button>
          )}
          <Button variant="default" onClick={back}>
            {mayChange ? 'Cancel' : 'Back'}
          </Button>
          {!mayChange && <p className={styles.hint}>Changing it needs the permission configure over the account.</p>}
          {problem && (
            <p className={styles.problem} role="alert">
              {problem}
            </p>
          )}
        </div>
      </form>
    </Card>
  )
}
