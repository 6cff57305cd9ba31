import { IconAlertTriangleFilled, IconCircleCheckFilled, IconCircleXFilled } from '@tabler/icons-react'
import type { Limit, Limits, Refusal } from '../../api/types'
import { paths } from '../../app/paths'
import { Card } from '../../components/card/Card'
import { RangeLink } from '../../components/link/RangeLink'
import { Empty } from '../../components/states/Empty'
import { Loaded } from '../../components/states/Loaded'
import { count, plural } from '../../format/numbers'
import { bytes } from '../../format/sizes'
import { minuteOf } from '../../format/times'
import page from '../page.module.css'
import styles from './Administration.module.css'
import { Meter } from './Meter'
import { useLimits } from './queries'

/** How near the limits are, what was refused for their sake, and what to do about it. */
export function LimitsPage() {
  const query = useLimits()
  return (
    <div className={page.page}>
      <Loaded query={query} what="the limits" lines={8}>
        {(data: Limits) => (
          <>
            <Card title="Limits" note={summary(data.items)}>
              <table className={styles.table} aria-label="Limits">
                <thead>
                  <tr>
                    <th scope="col">State</th>
                    <th scope="col">Limit</th>
                    <th scope="col">What happens there, and what to do</th>
                  </tr>
                </thead>
                <tbody>
                  {data.items.map((limit) => (
                    <LimitRow key={`${limit.limit}-${limit.application?.id ?? ''}-${limit.tier?.id ?? ''}`} limit={limit} />
                  ))}
                </tbody>
              </table>
            </Card>
            <Card title="Refused" note={`since ${minuteOf(data.since)}, when Vedette started`}>
              {data.refusals.length ? <Refusals refusals={data.refusals} /> : <Empty title="Nothing was refused since the start" />}
            </Card>
          </>
        )}
      </Loaded>
    </div>
  )
}

function summary(limits: Limit[]): string {
  const reached = limits.filter((limit) => limit.state === 'reached').length
  const near = limits.filter((limit) => limit.state === 'near').length
  if (reached + near === 0) return 'none is near; those of applications show from half of them on'
  return [reached && `${plural(reached, 'limit')} reached`, near && `${plural(near, 'limit')} near`].filter(Boolean).join(', ')
}

const LOOKS = {
  reached: { Icon: IconCircleXFilled, word: 'Reached' },
  near: { Icon: IconAlertTriangleFilled, word: 'Near' },
  ok: { Icon: IconCircleCheckFilled, word: 'Fine' },
}

function LimitRow({ limit }: { limit: Limit }) {
  const { Icon, word } = LOOKS[limit.state]
  const told = limit.unit === 'bytes' ? bytes : count
  const of = [limit.tier?.name, limit.application?.name].filter(Boolean).join(' of ')
  return (
    <tr>
      <td>
        <span className={styles.state} data-level={limit.state}>
          <Icon size={15} aria-hidden /> {word}
        </span>
      </td>
      <td className={styles.limit}>
        <Meter label={`${limit.what}${of && ` of ${of}`}`} value={`${told(limit.used)} of ${told(limit.max)}`} share={limit.used / limit.max} />
      </td>
      <td>
        {limit.remedy}
        {limit.application && (
          <div>
            <RangeLink to={pageOf(limit)}>Look at them</RangeLink>
          </div>
        )}
      </td>
    </tr>
  )
}

function pageOf({ limit, application }: Limit): string {
  const id = application?.id ?? 0
  return limit === 'business-transactions' ? paths.businessTransactions(id) : paths.tiers(id)
}

const ITEMS: Record<string, string> = { traces: 'Spans', metrics: 'Data points', logs: 'Log records' }

/** What was refused: single items of what was taken, or whole requests. */
function thing({ counted, signal }: Refusal): string {
  if (counted === 'items') return ITEMS[signal] ?? signal
  return signal === 'none' ? 'Requests' : `Requests with ${signal}`
}

function Refusals({ refusals }: { refusals: Refusal[] }) {
  return (
    <table className={styles.table} aria-label="Refused data">
      <thead>
        <tr>
          <th scope="col">What</th>
          <th scope="col" data-numeric>
            How many
          </th>
          <th scope="col">Reason</th>
          <th scope="col">What to do</th>
        </tr>
      </thead>
      <tbody>
        {refusals.map((refusal) => (
          <tr key={`${refusal.counted}-${refusal.signal}-${refusal.reason}`}>
            <td>{thing(refusal)}</td>
            <td data-numeric>{count(refusal.count)}</td>
            <td className={page.mono}>{refusal.reason}</td>
            <td>{refusal.remedy}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
