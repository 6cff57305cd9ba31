import { Button, NativeSelect, Switch, TextInput } from '@mantine/core'
import { useState, type FormEvent } from 'react'
import { useMay } from '../../access/may'
import type { AnomalySettings } from '../../api/types'
import { paths } from '../../app/paths'
import { useId } from '../../app/useId'
import { useAnomalySettings, useSaveAnomalySettings } from '../../components/anomaly/queries'
import { Card } from '../../components/card/Card'
import { RangeLink } from '../../components/link/RangeLink'
import { Loaded } from '../../components/states/Loaded'
import styles from '../HealthRules/HealthRules.module.css'
import { NotAllowed } from '../HealthRules/RulesPage'
import page from '../page.module.css'
import { BackTestCard } from './BackTestCard'
import { draftOf, problemOf, SENSITIVITIES, settingsOf, type Draft, type LimitName } from './draft'
import { OverridesTable } from './OverridesTable'

/** How much an application's operators want to hear of, and what that would have been. */
export function AnomalySettingsPage() {
  const application = useId('applicationId')
  const query = useAnomalySettings(application)
  return (
    <div className={page.page}>
      <Loaded query={query} what="the settings" lines={8}>
        {(settings: AnomalySettings) => <Editor application={application} settings={settings} />}
      </Loaded>
    </div>
  )
}

function Editor({ application, settings }: { application: number; settings: AnomalySettings }) {
  const [draft, setDraft] = useState(() => draftOf(settings))
  const save = useSaveAnomalySettings(application)
  const readOnly = !useMay()('configure', application)
  const wanted = settingsOf(draft)
  const isChanged = JSON.stringify(wanted) !== JSON.stringify(settingsOf(draftOf(settings)))
  const set = (part: Partial<Draft>) => {
    save.reset()
    setDraft((before) => ({ ...before, ...part }))
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (wanted) save.mutate(wanted)
  }
  return (
    <div className={styles.editor}>
      <Card title="Anomaly detection" actions={<RangeLink to={paths.anomalies(application)}>Anomalies</RangeLink>}>
        {readOnly && <NotAllowed what="change settings" />}
        <form onSubmit={submit} noValidate aria-label="Anomaly detection">
          <fieldset disabled={readOnly} className={styles.fields}>
            <Switch label="Switched on" description="Off: nothing is learnt, and nothing is told" checked={draft.enabled} onChange={(e) => set({ enabled: e.currentTarget.checked })} />
            <NativeSelect label="Sensitivity" description="How seldom something has to be for people to hear of it" data={SENSITIVITIES} value={draft.sensitivity} onChange={(e) => set({ sensitivity: e.currentTarget.value as Draft['sensitivity'] })} />
            <fieldset>
              <legend>Never told, however seldom it is</legend>
              <div className={styles.row}>
                <Limit draft={draft} name="percent" label="Deviations below (%)" description="Of what is expected" onChange={set} />
                <Limit draft={draft} name="ms" label="Deviations below (ms)" description="Of response times" onChange={set} />
                <Limit draft={draft} name="calls" label="Fewer calls than" description="In a minute" onChange={set} />
              </div>
            </fieldset>
            <OverridesTable application={application} draft={draft} onChange={(transactions) => set({ transactions })} />
          </fieldset>
          {!readOnly && (
            <div className={styles.foot}>
              <Button type="submit" loading={save.isPending} disabled={!wanted || !isChanged}>
                Save
              </Button>
              <Button variant="default" disabled={!isChanged} onClick={() => set(draftOf(settings))}>
                Reset
              </Button>
              {save.error && (
                <p className={styles.problem} role="alert">
                  {save.error.message}
                </p>
              )}
              {save.isSuccess && !isChanged && (
                <p className={styles.hint} role="status">
                  Saved: it holds from the next minute on.
                </p>
              )}
            </div>
          )}
        </form>
      </Card>
      <div className={styles.side}>
        <BackTestCard application={application} settings={wanted} />
      </div>
    </div>
  )
}

interface LimitProps {
  draft: Draft
  name: LimitName
  label: string
  description: string
  onChange(part: Partial<Draft>): void
}

function Limit({ draft, name, label, description, onChange }: LimitProps) {
  return <TextInput label={label} description={description} inputMode="decimal" value={draft[name]} error={problemOf(draft, name)} onChange={(e) => onChange({ [name]: e.currentTarget.value })} />
}
