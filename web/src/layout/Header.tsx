import { useMay } from '../access/may'
import type { Session } from '../api/types'
import { paths } from '../app/paths'
import { RangeLink } from '../components/link/RangeLink'
import { ApplicationSwitcher } from './ApplicationSwitcher'
import { ColorSchemeButton } from './ColorSchemeButton'
import styles from './Header.module.css'
import { LiveControl } from './LiveControl'
import { Logo } from './Logo'
import { PaletteButton } from './palette/PaletteButton'
import { TimeRangePicker } from './TimeRangePicker'
import { UserMenu } from './UserMenu'

export function Header({ user }: { user: Session['user'] }) {
  const may = useMay()
  return (
    <header className={styles.header}>
      <RangeLink to={paths.applications} className={styles.brand} aria-label="Vedette: all applications">
        <Logo />
        <span>Vedette</span>
      </RangeLink>
      <ApplicationSwitcher />
      <div className={styles.right}>
        <PaletteButton />
        <LiveControl />
        <TimeRangePicker />
        <RangeLink to={paths.traces()} className={styles.link}>
          Traces
        </RangeLink>
        <RangeLink to={paths.logs} className={styles.link}>
          Logs
        </RangeLink>
        <RangeLink to={paths.alerting()} className={styles.link}>
          Alerting
        </RangeLink>
        <RangeLink to={paths.anomalies()} className={styles.link}>
          Anomalies
        </RangeLink>
        <RangeLink to={paths.violations()} className={styles.link}>
          Violations
        </RangeLink>
        <RangeLink to={paths.events()} className={styles.link}>
          Events
        </RangeLink>
        {may('administer-account') && (
          <RangeLink to={paths.connect} className={styles.link}>
            Connect an agent
          </RangeLink>
        )}
        <ColorSchemeButton />
        <UserMenu user={user} />
      </div>
    </header>
  )
}
