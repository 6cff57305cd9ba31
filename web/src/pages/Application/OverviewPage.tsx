import { IconBulb } from '@tabler/icons-react'
import { useApplication } from '../../api/queries'
import type { ApplicationDetail, Hint } from '../../api/types'
import { paths } from '../../app/paths'
import { useId } from '../../app/useId'
import { Card } from '../../components/card/Card'
import { FigureStrip } from '../../components/figures/FigureStrip'
import { told } from '../../components/figures/told'
import { RangeLink } from '../../components/link/RangeLink'
import { Sparkline } from '../../components/sparkline/Sparkline'
import { Loaded } from '../../components/states/Loaded'
import { BusinessTransactionsTable } from '../BusinessTransactions/BusinessTransactionsTable'
import { FlowMapPanel } from '../FlowMap/FlowMapPanel'
import page from '../page.module.css'
import styles from './Application.module.css'
import { BackgroundSwitch } from './BackgroundSwitch'

/** Key figures, flow map and the busiest business transactions of one application. */
export function OverviewPage() {
  const id = useId('applicationId')
  const application = useApplication(id)
  return (
    <div className={page.page}>
      <div className={styles.figures}>
        <Card>
          <Loaded query={application} what="the key figures" lines={2}>
            {(data: ApplicationDetail) => (
              <>
                <div className={styles.key}>
                  <FigureStrip figures={told(data)} />
                  <div className={styles.beside}>
                    <Sparkline values={data.sparkline} label="Calls per minute" width={180} height={28} />
                    <BackgroundSwitch application={data} />
                  </div>
                </div>
                <Hints application={id} hints={data.hints} />
              </>
            )}
          </Loaded>
        </Card>
      </div>
      <div className={styles.map}>
        <FlowMapPanel application={id} />
      </div>
      <BusinessTransactionsTable application={id} limit={10} more={<RangeLink to={paths.businessTransactions(id)}>All</RangeLink>} />
    </div>
  )
}

/** What would make the figures better: said by the server, leading to the entity it is about. */
function Hints({ application, hints }: { application: number; hints: Hint[] }) {
  if (hints.length === 0) return null
  return (
    <ul className={styles.hints} aria-label="Hints">
      {hints.map((hint) => (
        <li key={`${hint.entity_id}-${hint.message}`}>
          <IconBulb size={15} aria-hidden />
          {hint.message}
          <RangeLink to={paths.flowMap(application)} extra={{ selected: hint.entity_id }}>
            Show
          </RangeLink>
        </li>
      ))}
    </ul>
  )
}
