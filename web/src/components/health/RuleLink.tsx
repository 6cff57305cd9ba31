import { IconBellPlus } from '@tabler/icons-react'
import { useMay } from '../../access/may'
import { paths } from '../../app/paths'
import { RangeLink } from '../link/RangeLink'
import styles from './health.module.css'
import { paramsOf, type Suggestion } from './suggestion'

/** Leads from a chart to the editor of a rule about what it shows. Only for those who may make one. */
export function RuleLink({ application, about, what }: { application: number; about: Suggestion; what: string }) {
  const mayConfigure = useMay()('configure', application)
  if (!mayConfigure) return null
  return (
    <RangeLink className={styles.rule} to={paths.healthRule(application, 'new')} extra={paramsOf(about)} title="Make a health rule from this chart" aria-label={`Make a health rule from ${what}`}>
      <IconBellPlus size={14} aria-hidden />
    </RangeLink>
  )
}
