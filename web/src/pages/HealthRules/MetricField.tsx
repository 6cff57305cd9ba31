import { Autocomplete, Button, CloseButton, NativeSelect, TextInput } from '@mantine/core'
import { useState } from 'react'
import { useFields } from './Fields'
import styles from './HealthRules.module.css'
import { MetricBrowser } from './MetricBrowser'
import type { MetricDraft } from './model/draft'
import { knownMetrics, saidFor } from './model/metrics'
import { FUNCTION_WORDS } from './model/words'
import type { AffectedKind, MetricFunction } from './types'

const FUNCTIONS = (Object.keys(FUNCTION_WORDS) as MetricFunction[]).map((value) => ({ value, label: FUNCTION_WORDS[value] }))

interface Props {
  kind: AffectedKind
  metric: MetricDraft
  pathKey: string
  /** Present where it is one of an expression. */
  nameKey?: string
  onChange(part: Partial<MetricDraft>): void
  onRemove?(): void
}

/** A metric: written, picked of what there is of whatever is affected, or out of the metric tree. */
export function MetricField({ kind, metric, pathKey, nameKey, onChange, onRemove }: Props) {
  const { application, problem, touch, touches } = useFields()
  const [browsing, setBrowsing] = useState(false)
  return (
    <>
      <div className={styles.metric} data-named={nameKey || undefined}>
        {nameKey && <TextInput label="Name" value={metric.name} error={problem(nameKey)} onChange={(e) => onChange({ name: e.currentTarget.value })} {...touches(nameKey)} />}
        <NativeSelect label="Takes" data={FUNCTIONS} value={metric.fn} onChange={(e) => onChange({ fn: e.currentTarget.value as MetricFunction })} />
        <Autocomplete
          size="xs"
          label="Metric"
          placeholder="Pick one, or write its path"
          data={knownMetrics(kind)}
          // What is chosen is no filter: the others stay in reach.
          filter={({ options, search }) => (knownMetrics(kind).includes(search) ? options : options.filter((one) => 'label' in one && one.label.toLowerCase().includes(search.toLowerCase())))}
          value={metric.path}
          error={problem(pathKey)}
          onChange={(path) => onChange({ path })}
          {...touches(pathKey)}
        />
        <Button variant="default" aria-expanded={browsing} onClick={() => setBrowsing(!browsing)}>
          {browsing ? 'Close' : 'Browse'}
        </Button>
        {onRemove && <CloseButton mt={21} aria-label={`Remove the metric ${metric.name}`} onClick={onRemove} />}
      </div>
      {browsing && (
        <MetricBrowser
          application={application}
          kind={kind}
          onPick={(path) => {
            touch(pathKey)
            onChange({ path: saidFor(kind, path) })
            setBrowsing(false)
          }}
        />
      )}
    </>
  )
}
