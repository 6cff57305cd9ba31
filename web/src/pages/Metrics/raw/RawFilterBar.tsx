import { ActionIcon, Pill, Select, TextInput } from '@mantine/core'
import { IconFilterPlus, IconPlus } from '@tabler/icons-react'
import { useState } from 'react'
import { useNodes, useTiers } from '../../../api/queries'
import { SearchInput } from '../../../components/SearchInput'
import styles from '../Metrics.module.css'
import type { RawFilter } from './queries'

const MOST = 8

interface Props {
  application: number
  filter: RawFilter
  onChange(filter: Partial<RawFilter>): void
}

/** Which raw series are listed: by name, tier, node and attributes. */
export function RawFilterBar({ application, filter, onChange }: Props) {
  const tiers = useTiers(application)
  const nodes = useNodes(application, { tier: Number(filter.tier) || undefined })
  const options = (items: { id: number; name: string }[] | undefined) => (items ?? []).map(({ id, name }) => ({ value: String(id), label: name }))
  return (
    <div className={`${styles.search} ${styles.filters}`}>
      <SearchInput label="Metric name: gc.duration" width={296} value={filter.text} onChange={(text) => onChange({ text: text ?? '' })} />
      <div className={styles.pair}>
        <Select aria-label="Tier" placeholder="All tiers" clearable searchable data={options(tiers.data?.items)} value={filter.tier} onChange={(tier) => onChange({ tier })} />
        <Select aria-label="Node" placeholder="All nodes" clearable searchable data={options(nodes.data?.items)} value={filter.node} onChange={(node) => onChange({ node })} />
      </div>
      <AttributeField attributes={filter.attributes} onChange={(attributes) => onChange({ attributes })} />
    </div>
  )
}

function AttributeField({ attributes, onChange }: { attributes: string[]; onChange(attributes: string[]): void }) {
  const [text, setText] = useState('')
  const valid = /^[^=]+=./.test(text.trim())
  const add = () => {
    if (!valid) return
    onChange([...new Set([...attributes, text.trim()])].slice(0, MOST))
    setText('')
  }
  return (
    <>
      <TextInput
        value={text}
        disabled={attributes.length >= MOST}
        aria-label="Attribute: key=value"
        placeholder="Attribute: key=value"
        leftSection={<IconFilterPlus size={14} />}
        rightSection={
          valid && (
            <ActionIcon variant="subtle" size="sm" aria-label="Filter by this attribute" onClick={add}>
              <IconPlus size={14} />
            </ActionIcon>
          )
        }
        onChange={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => event.key === 'Enter' && add()}
      />
      {attributes.length > 0 && (
        <div className={styles.pills}>
          {attributes.map((pair) => (
            <Pill key={pair} withRemoveButton removeButtonProps={{ 'aria-label': `Remove ${pair}`, 'aria-hidden': false, tabIndex: 0 }} onRemove={() => onChange(attributes.filter((a) => a !== pair))}>
              {pair}
            </Pill>
          ))}
        </div>
      )}
    </>
  )
}
