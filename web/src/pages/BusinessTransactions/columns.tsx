import type { BusinessTransaction } from '../../api/types'
import { paths } from '../../app/paths'
import { EntryTypeIcon } from '../../components/EntityIcon'
import { figureColumns } from '../../components/figures/columns'
import { told } from '../../components/figures/told'
import { RangeLink } from '../../components/link/RangeLink'
import { Sparkline } from '../../components/sparkline/Sparkline'
import type { Column } from '../../components/table/DataTable'
import { count, NONE, short } from '../../format/numbers'
import page from '../page.module.css'

export function tagsOf(bt: BusinessTransaction): string[] {
  return [bt.background && !bt.health_check && 'background', bt.health_check && 'health check', bt.other_traffic && 'other traffic', bt.long_lived && 'long-lived'].filter((tag) => tag !== false)
}

export function businessTransactionColumns(application: number): Column<BusinessTransaction>[] {
  return [
    {
      key: 'name',
      label: 'Business transaction',
      value: (bt) => bt.name,
      render: (bt) => (
        <span className={page.name}>
          <EntryTypeIcon type={bt.entry_type} />
          <RangeLink to={paths.businessTransaction(application, bt.id)}>{bt.name}</RangeLink>
          {tagsOf(bt).map((tag) => (
            <span key={tag} className={page.tag}>
              {tag}
            </span>
          ))}
        </span>
      ),
    },
    { key: 'tier', label: 'Tier', value: (bt) => bt.tier.name, render: (bt) => bt.tier.name },
    { key: 'trend', label: 'Calls over time', width: '130px', render: (bt) => <Sparkline values={bt.sparkline} label="Calls per minute" /> },
    ...figureColumns<BusinessTransaction>(told),
    {
      key: 'slow',
      label: 'Slow',
      numeric: true,
      value: (bt) => bt.figures.slow + bt.figures.very_slow + bt.figures.stall,
      render: (bt) => {
        const f = told(bt)
        return f ? <span title={`${count(f.slow)} slow, ${count(f.very_slow)} very slow, ${count(f.stall)} stalled`}>{short(f.slow + f.very_slow + f.stall)}</span> : NONE
      },
    },
  ]
}
