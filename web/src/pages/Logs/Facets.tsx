import type { LogSummary } from '../../api/types'
import { plural, short } from '../../format/numbers'
import styles from './Logs.module.css'
import type { FilterState } from './useLogFilter'

/** What records are of, with counts; a click narrows to it, another one takes that back. */
export function Facets({ summary, state: { filter, narrow, all } }: { summary: LogSummary; state: FilterState }) {
  const entities = (items: LogSummary['by_tier']['items']) => items.map((e) => ({ key: String(e.id), label: `${filter.application === null ? `${e.application.name} › ` : ''}${e.name || e.id}`, count: e.count }))
  const values = (items: LogSummary['by_severity']) => items.map((v) => ({ key: v.value, label: v.value, count: v.count }))
  const severity = (value: string) => narrow({ severities: filter.severities.includes(value) ? filter.severities.filter((s) => s !== value) : [...filter.severities, value] })
  const one = (chosen: string, value: string) => (chosen === value ? null : value)
  return (
    <div className={styles.facets}>
      <Facet title="Severity" items={values(summary.by_severity)} others={0} chosen={filter.severities} severity onChoose={severity} />
      {all && <Facet title="Application" items={summary.by_application.items.map((e) => ({ key: String(e.id), label: e.name || String(e.id), count: e.count }))} others={summary.by_application.others} chosen={[String(filter.application)]} onChoose={(value) => narrow({ application: Number(one(String(filter.application), value)) || null, tier: null, node: null })} />}
      <Facet title="Tier" items={entities(summary.by_tier.items)} others={summary.by_tier.others} chosen={[String(filter.tier)]} onChoose={(value) => narrow({ tier: Number(one(String(filter.tier), value)) || null })} />
      <Facet title="Node" items={entities(summary.by_node.items)} others={summary.by_node.others} chosen={[String(filter.node)]} onChoose={(value) => narrow({ node: Number(one(String(filter.node), value)) || null })} />
      <Facet title="Logger" items={values(summary.by_logger.items)} others={summary.by_logger.others} chosen={[filter.logger]} onChoose={(value) => narrow({ logger: one(filter.logger, value) ?? '' })} />
    </div>
  )
}

interface Item {
  key: string
  label: string
  count: number
}

interface Props {
  title: string
  items: Item[]
  others: number
  chosen: string[]
  severity?: boolean
  onChoose(key: string): void
}

function Facet({ title, items, others, chosen, severity = false, onChoose }: Props) {
  if (items.length === 0) return null
  const most = Math.max(...items.map((item) => item.count))
  return (
    <section className={styles.facet} aria-label={title}>
      <h3>{title}</h3>
      <ul>
        {items.map((item) => (
          <li key={item.key}>
            <button type="button" aria-pressed={chosen.includes(item.key)} title={`${item.label}: ${plural(item.count, 'record')}`} onClick={() => onChoose(item.key)}>
              {severity && <i data-severity={item.label} />}
              <span>{item.label}</span>
              <small>{short(item.count)}</small>
              <em style={{ width: `${(100 * item.count) / most}%` }} />
            </button>
          </li>
        ))}
      </ul>
      {others > 0 && <p>{short(others)} of others</p>}
    </section>
  )
}
