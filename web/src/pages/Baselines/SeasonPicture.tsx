import { NativeSelect } from '@mantine/core'
import { Link, useSearchParams } from 'react-router'
import { useBusinessTransactions } from '../../api/queries'
import { withRange, useUrlState } from '../../app/urlState'
import { useSeries } from '../../components/baseline/queries'
import { OverTime } from '../../components/chart/OverTime'
import styles from './Baselines.module.css'

const SPANS = [
  { label: 'last 24 h', range: 'last-24h' },
  { label: 'last 7 days', range: 'last-7d' },
]

/** One series with what was expected of it, hour by hour: a day or a week of its season. */
export function SeasonPicture({ application }: { application: number }) {
  const [bt, setBt] = useUrlState('of')
  const [params] = useSearchParams()
  const transactions = useBusinessTransactions(application).data?.items ?? []
  const query = useSeries(bt ? `/business-transactions/${bt}/series` : `/applications/${application}/series`)
  const options = [{ value: '', label: 'The whole application' }, ...transactions.map((one) => ({ value: String(one.id), label: `${one.tier.name}: ${one.name}` }))]
  if (bt && !options.some((option) => option.value === bt)) options.push({ value: bt, label: `Business transaction ${bt}` })
  const ofBt = transactions.find((one) => String(one.id) === bt)
  const extra = { baseline: params.get('baseline'), of: bt || null }
  return (
    <OverTime
      title="What was expected"
      note={
        <span className={styles.spans}>
          {SPANS.map((span) => (
            <Link key={span.range} to={`?${new URLSearchParams(withRange('', new URLSearchParams({ range: span.range }), extra).slice(1))}`} aria-current={params.get('range') === span.range ? 'true' : undefined}>
              {span.label}
            </Link>
          ))}
        </span>
      }
      actions={<NativeSelect className={styles.of} size="xs" aria-label="Whose figures" data={options} value={bt} onChange={(e) => setBt(e.currentTarget.value || null)} />}
      query={query}
      application={application}
      about={bt ? ofBt && { kind: 'BUSINESS_TRANSACTIONS', name: ofBt.name } : { kind: 'OVERALL_APPLICATION', name: '' }}
    />
  )
}
