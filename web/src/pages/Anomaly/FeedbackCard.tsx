import { Button, NativeSelect, Textarea } from '@mantine/core'
import { useState } from 'react'
import { useMay } from '../../access/may'
import type { AnomalyDetail, Feedback, FeedbackVerdict } from '../../api/types'
import { useGiveFeedback } from '../../components/anomaly/queries'
import { confidenceText, FEEDBACK_WORDS } from '../../components/anomaly/words'
import { Card } from '../../components/card/Card'
import { exactMoment, moment } from '../../format/times'
import { serverNow } from '../../time/clock'
import page from '../page.module.css'
import styles from './Anomaly.module.css'

const MOST_NOTE = 1000

/** What people say of it: a log for whoever looks next. It changes no model. */
export function FeedbackCard({ detail }: { detail: AnomalyDetail }) {
  const mayConfigure = useMay()('configure', detail.anomaly.application.id)
  return (
    <Card title="Feedback" note="a log: it changes no model">
      {mayConfigure && <Form detail={detail} />}
      <ul className={styles.feedback} aria-label="Feedback">
        {detail.feedback.map((one) => (
          <FeedbackItem key={`${one.at} ${one.by} ${one.verdict}`} feedback={one} />
        ))}
        {detail.feedback.length === 0 && <li className={page.muted}>Nobody has said anything yet.</li>}
      </ul>
    </Card>
  )
}

function Form({ detail: { anomaly, suspects } }: { detail: AnomalyDetail }) {
  const [note, setNote] = useState('')
  const [suspect, setSuspect] = useState(String(suspects[0]?.entity.id ?? ''))
  const give = useGiveFeedback(anomaly.id)
  const say = (verdict: FeedbackVerdict) => give.mutate({ verdict, suspect: verdict === 'NOISE' || suspect === '' ? null : Number(suspect), note: note.trim() }, { onSuccess: () => setNote('') })
  const one = (verdict: FeedbackVerdict, label: string) => (
    <Button size="compact-xs" variant="default" loading={give.isPending && give.variables.verdict === verdict} disabled={give.isPending} onClick={() => say(verdict)}>
      {label}
    </Button>
  )
  return (
    <div className={styles.say}>
      <Textarea size="xs" label="Note" description="Optional" autosize minRows={2} maxLength={MOST_NOTE} value={note} onChange={(e) => setNote(e.currentTarget.value)} />
      {suspects.length > 0 && <NativeSelect label="Suspect" data={suspects.map((s) => ({ value: String(s.entity.id), label: `${s.entity.name} (${confidenceText(s.confidence)})` }))} value={suspect} onChange={(e) => setSuspect(e.currentTarget.value)} />}
      <div className={styles.buttons}>
        {suspects.length > 0 && one('CAUSE_CONFIRMED', 'Confirm cause')}
        {suspects.length > 0 && one('CAUSE_WRONG', 'Wrong cause')}
        {one('NOISE', 'Mark as noise')}
      </div>
      {give.error && (
        <p className={styles.problem} role="alert">
          {give.error.message}
        </p>
      )}
    </div>
  )
}

function FeedbackItem({ feedback: { verdict, suspect, note, by, at } }: { feedback: Feedback }) {
  return (
    <li>
      <b>{FEEDBACK_WORDS[verdict]}</b>
      {suspect && `: ${suspect.name}`}{' '}
      <span className={page.muted}>
        by {by}, <time title={exactMoment(at)}>{moment(at, serverNow())}</time>
      </span>
      {note && <div className={styles.note}>{note}</div>}
    </li>
  )
}
