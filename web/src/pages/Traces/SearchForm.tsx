import { Button, CloseButton, SegmentedControl, Select } from '@mantine/core'
import { useNavigate, useSearchParams } from 'react-router'
import { useApplications, useBusinessTransactions, useTiers } from '../../api/queries'
import { paths } from '../../app/paths'
import { AttributeInput } from './AttributeInput'
import { DurationInput } from './DurationInput'
import { isFiltered, MAX_ATTRIBUTES, NOTHING, type Filter, type Show } from './model/filter'
import { SavedSearches } from './SavedSearches'
import styles from './Traces.module.css'

interface Props {
  application: number | undefined
  filter: Filter
  onChange(change: Partial<Filter>): void
}

const SHOW: { value: Show; label: string }[] = [
  { value: 'transactions', label: 'Transactions' },
  { value: 'spans', label: 'Single spans' },
]

const OUTCOMES = {
  transactions: [
    { value: '', label: 'Any outcome' },
    { value: 'ERROR', label: 'Errors' },
    { value: 'SLOW,VERY_SLOW,STALL', label: 'Slow' },
    { value: 'NORMAL', label: 'Normal' },
  ],
  spans: [
    { value: '', label: 'Any status' },
    { value: 'ERROR', label: 'Errors' },
  ],
}

/** What is searched for. Every part of it is in the URL. */
export function SearchForm({ application, filter, onChange }: Props) {
  const { show, outcome, min, max, attributes } = filter
  const outcomes = OUTCOMES[show]
  const asked = outcomes.some((one) => one.value === outcome) ? outcome : ''
  return (
    <div className={styles.form} role="search" aria-label="Traces">
      <div className={styles.line}>
        <SegmentedControl aria-label="What is listed" data={SHOW} value={show} onChange={(value) => onChange({ show: value as Show, ...(value === 'transactions' ? { attributes: [] } : {}), outcome: outcome === 'ERROR' ? outcome : null })} />
        {application === undefined ? <ApplicationSelect /> : <Places application={application} filter={filter} onChange={onChange} />}
        <Select aria-label="Outcome" w={122} data={outcomes} value={asked} allowDeselect={false} onChange={(value) => onChange({ outcome: value || null })} />
        <span className={styles.durations} role="group" aria-label="Duration">
          <DurationInput label="Shortest duration" placeholder="from 0 ms" value={min} onChange={(ms) => onChange({ min: ms })} />
          –
          <DurationInput label="Longest duration" placeholder="to any" value={max} onChange={(ms) => onChange({ max: ms })} />
        </span>
        <span className={styles.push} />
        <SavedSearches application={application} />
      </div>
      <div className={styles.line}>
        <AttributeInput application={application} tier={filter.tier} full={attributes.length >= MAX_ATTRIBUTES} onAdd={(pair) => onChange({ show: 'spans', attributes: [...new Set([...attributes, pair])] })} />
        <ul className={styles.pairs} aria-label="Attributes searched for">
          {attributes.map((pair) => (
            <li key={pair}>
              <code>{pair}</code>
              <CloseButton size="xs" aria-label={`Without ${pair}`} onClick={() => onChange({ attributes: attributes.filter((other) => other !== pair) })} />
            </li>
          ))}
        </ul>
        {show === 'transactions' && <span className={styles.hint}>Attributes are those of spans: adding one lists single spans.</span>}
        <span className={styles.push} />
        {isFiltered(filter) && (
          <Button variant="subtle" onClick={() => onChange(NOTHING)}>
            Clear
          </Button>
        )}
      </div>
    </div>
  )
}

/** Tiers and business transactions are an application's own: choosing one leads to its page. */
function ApplicationSelect() {
  const applications = useApplications().data?.items ?? []
  const navigate = useNavigate()
  const [params] = useSearchParams()
  return <Select aria-label="Application" placeholder="All applications" w={200} searchable data={applications.map(({ id, name }) => ({ value: String(id), label: name }))} value={null} onChange={(id) => id && void navigate(`${paths.traces(id)}?${params.toString()}`)} />
}

function Places({ application, filter, onChange }: { application: number } & Omit<Props, 'application'>) {
  const tiers = useTiers(application).data?.items ?? []
  const bts = useBusinessTransactions(application).data?.items ?? []
  const options = (all: { id: number; name: string }[], chosen: number | null) => {
    const known = all.map(({ id, name }) => ({ value: String(id), label: name }))
    // One that nobody called in this range is searched for all the same.
    return chosen === null || all.some(({ id }) => id === chosen) ? known : [...known, { value: String(chosen), label: `No. ${chosen}` }]
  }
  const props = (all: { id: number; name: string }[], name: 'tier' | 'bt') => ({
    data: options(all, filter[name]),
    value: filter[name] === null ? null : String(filter[name]),
    clearable: true,
    searchable: true,
    onChange: (id: string | null) => onChange({ [name]: id === null ? null : Number(id) }),
  })
  return (
    <>
      <Select aria-label="Business transaction" placeholder="Any transaction" w={190} {...props(bts, 'bt')} />
      <Select aria-label="Tier" placeholder="Any tier" w={140} {...props(tiers, 'tier')} />
    </>
  )
}
