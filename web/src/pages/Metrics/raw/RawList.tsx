import { Button } from '@mantine/core'
import type { SampledSeries } from '../../../api/types'
import { Empty } from '../../../components/states/Empty'
import { Loaded } from '../../../components/states/Loaded'
import { plural } from '../../../format/numbers'
import styles from '../Metrics.module.css'
import { keyOf, partsOf } from '../model/raw'
import { useRawList, type RawFilter } from './queries'
import type { RawState } from './useRawState'

interface Props {
  application: number
  filter: RawFilter
  state: RawState
}

/** The series that pass the filter, by name; below each name whose they are and what tells them apart. */
export function RawList({ application, filter, state }: Props) {
  const query = useRawList(application, filter)
  return (
    <div className={styles.tree}>
      <Loaded query={query} what="the series">
        {({ items }) =>
          items.length ? (
            <>
              <p className={styles.nothing}>
                {plural(items.length, 'series', 'series')}
                {query.hasNextPage && ' and more'}
              </p>
              {byName(items).map(([name, series]) => (
                <section key={name} className={styles.metric} aria-label={name}>
                  <h3>
                    {name} <small>{[series[0]?.unit, series[0]?.instrument.toLowerCase().replaceAll('_', ' ')].filter(Boolean).join(' · ')}</small>
                  </h3>
                  <ul className={styles.found}>
                    {series.map((one) => (
                      <Row key={one.id} series={one} state={state} />
                    ))}
                  </ul>
                </section>
              ))}
              {query.hasNextPage && (
                <Button variant="subtle" fullWidth loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
                  Load more
                </Button>
              )}
            </>
          ) : (
            <Empty title="No series passes the filter">Raw series are known by the day: what agents send as OpenTelemetry metrics or by Prometheus remote write, under its own name. They are kept as long as raw metric points are.</Empty>
          )
        }
      </Loaded>
    </div>
  )
}

function byName(items: SampledSeries[]): [string, SampledSeries[]][] {
  const names = new Map<string, SampledSeries[]>()
  for (const series of items) names.set(series.name, [...(names.get(series.name) ?? []), series])
  return [...names]
}

function Row({ series, state }: { series: SampledSeries; state: RawState }) {
  const { chosen, choices, filter, change } = state
  const mine = choices.filter((choice) => choice.id === series.id)
  const checked = mine.length > 0
  const first = keyOf({ id: series.id, part: partsOf(series)[0] ?? 'value' })
  const toggle = () => {
    if (checked) for (const choice of mine) chosen.toggle(keyOf(choice))
    else chosen.toggle(first)
  }
  const pairs = Object.entries(series.attributes).map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)] as const)
  return (
    <li>
      <div className={styles.hit} data-chosen={checked || undefined}>
        <label className={styles.whose}>
          <input type="checkbox" checked={checked} disabled={!checked && chosen.full} onChange={toggle} aria-label={`${series.name} of ${series.node.name} ${pairs.map((pair) => pair.join('=')).join(' ')}`.trim()} />
          <span>
            {series.node.name} <small>{series.tier.name}</small>
          </span>
        </label>
        {pairs.map(([key, value]) => {
          const pair = `${key}=${value}`
          const on = filter.attributes.includes(pair)
          return (
            <button key={key} type="button" className={styles.attribute} title={on ? `Filtered by ${pair}` : `Filter by ${pair}`} disabled={on} onClick={() => change({ attributes: [...filter.attributes, pair] })}>
              {pair}
            </button>
          )
        })}
      </div>
    </li>
  )
}
