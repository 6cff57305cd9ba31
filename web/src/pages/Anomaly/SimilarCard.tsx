import type { AnomalyDetail } from '../../api/types'
import { paths } from '../../app/paths'
import { deviationText, suspectText } from '../../components/anomaly/words'
import { Card } from '../../components/card/Card'
import { StatusBadge } from '../../components/health/LevelBadge'
import { RangeLink } from '../../components/link/RangeLink'
import { exactMoment, moment } from '../../format/times'
import { serverNow } from '../../time/clock'
import page from '../page.module.css'
import styles from './Anomaly.module.css'

/** Anomalies of before that were like it: of the same series, or with the same cause. */
export function SimilarCard({ detail: { similar, anomaly } }: { detail: AnomalyDetail }) {
  const now = serverNow()
  return (
    <Card title="Similar before">
      {similar.length === 0 ? (
        <p className={styles.remark}>None with the same series or the same suspect is kept.</p>
      ) : (
        <ul className={styles.links}>
          {similar.map((one) => (
            <li key={one.id}>
              <StatusBadge status={one.status} level={one.worst} />{' '}
              <RangeLink to={paths.anomaly(one.id)} title={exactMoment(one.onset_at)}>
                {one.entity.id === anomaly.entity.id ? '' : `${one.entity.name}, `}
                {moment(one.onset_at, now)}
              </RangeLink>
              <div className={page.muted}>
                {deviationText(one)}; {suspectText(one)}
              </div>
            </li>
          ))}
        </ul>
      )}
    </Card>
  )
}
