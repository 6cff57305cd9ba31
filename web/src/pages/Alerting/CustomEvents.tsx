import { Button, CloseButton, TextInput } from '@mantine/core'
import styles from './Alerting.module.css'
import type { CustomEventMatch } from './types'
import { noCustom } from './words'

/** Custom events by type and properties, written as `name=value`. */
export function CustomEvents({ value, onChange }: { value: CustomEventMatch[]; onChange(value: CustomEventMatch[]): void }) {
  const change = (at: number, part: Partial<CustomEventMatch>) => onChange(value.map((one, here) => (here === at ? { ...one, ...part } : one)))
  return (
    <fieldset>
      <legend>Custom events</legend>
      <div className={styles.stack}>
        {value.map((custom, at) => (
          // oxlint-disable-next-line react/no-array-index-key -- a row has no other identity than its place
          <div key={at} className={styles.row}>
            <TextInput label="Type" placeholder="any" value={custom.event_type} onChange={(e) => change(at, { event_type: e.currentTarget.value })} />
            <TextInput label="With properties" placeholder="result=failed, host=db1" defaultValue={pairsText(custom)} onBlur={(e) => change(at, { properties: pairsOf(e.currentTarget.value) })} />
            <CloseButton aria-label={`Remove the custom event ${at + 1}`} onClick={() => onChange(value.filter((_, here) => here !== at))} />
          </div>
        ))}
        <div>
          <Button variant="default" size="compact-xs" onClick={() => onChange([...value, noCustom()])}>
            Add custom events
          </Button>
        </div>
      </div>
    </fieldset>
  )
}

const pairsText = (custom: CustomEventMatch) => custom.properties.map(({ name, value }) => (value ? `${name}=${value}` : name)).join(', ')

const pairsOf = (text: string) =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean)
    .map((part) => {
      const [name = '', ...rest] = part.split('=')
      return { name: name.trim(), value: rest.join('=').trim() }
    })
