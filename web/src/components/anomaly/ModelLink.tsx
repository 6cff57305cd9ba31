import { IconZoomQuestion } from '@tabler/icons-react'
import type { AnomalousKind, AnomalyMeasure } from '../../api/types'
import { paths } from '../../app/paths'
import styles from '../health/health.module.css'
import { RangeLink } from '../link/RangeLink'

/** Whose series are watched. */
export interface Watched {
  application: number
  kind: AnomalousKind
  id: number
}

/** Leads from a chart to the model of what it shows: why it is normal, or is not. */
export function ModelLink({ watched: { application, kind, id }, measure, what }: { watched: Watched; measure: AnomalyMeasure; what: string }) {
  const question = `Why ${what.endsWith('s') ? 'are' : 'is'} ${what} normal, or not?`
  return (
    <RangeLink className={styles.rule} to={paths.anomalyModel(application)} extra={{ kind, entity: id, measure }} title={question} aria-label={question}>
      <IconZoomQuestion size={15} aria-hidden />
    </RangeLink>
  )
}
