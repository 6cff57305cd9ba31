import { NativeSelect } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useState } from 'react'
import { SearchInput } from '../../components/SearchInput'
import { MetricSearch } from '../Metrics/MetricSearch'
import { MetricTree } from '../Metrics/MetricTree'
import styles from './HealthRules.module.css'
import { INFRASTRUCTURE } from './model/metrics'
import { useNames } from './queries'
import type { AffectedKind } from './types'

const OF_TIERS: ReadonlySet<AffectedKind> = new Set(['TIERS', 'NODES', 'TIER_HARDWARE', 'NODE_HARDWARE', 'SERVERS'])

/** The metric tree, to pick one path of: what agents report of a tier, where that is what the rule is about. */
export function MetricBrowser({ application, kind, onPick }: { application: number; kind: AffectedKind; onPick(path: string): void }) {
  const [text, setText] = useState('')
  const [searched] = useDebouncedValue(text, 250)
  const tiers = useNames(application, 'tiers')
  const [chosen, setChosen] = useState('')
  const ofTiers = OF_TIERS.has(kind)
  const tier = chosen || tiers[0]
  const picking = { paths: [], full: false, toggle: onPick, clear: () => undefined }
  const root = ofTiers ? (tier === undefined ? null : `${INFRASTRUCTURE}|${tier}`) : ''
  return (
    <div className={styles.browser} role="region" aria-label="Metric tree">
      <div className={styles.browserHead}>
        <SearchInput label="Search: cart 95th, or web | errors" width={250} value={text} onChange={(next) => setText(next ?? '')} />
        {ofTiers && tiers.length > 0 && <NativeSelect aria-label="As reported by the tier" data={tiers.map((name) => ({ value: name, label: `as ${name} reports` }))} value={tier} onChange={(e) => setChosen(e.currentTarget.value)} />}
      </div>
      {searched.trim() ? <MetricSearch application={application} text={searched} chosen={picking} /> : root !== null && <MetricTree key={root} application={application} root={root} chosen={picking} />}
    </div>
  )
}
