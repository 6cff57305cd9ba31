import { Button, NativeSelect, Popover, TextInput } from '@mantine/core'
import { IconChevronDown, IconClock } from '@tabler/icons-react'
import { useState } from 'react'
import { keyOf, labelOf, PRESETS, zoneLabel, type Range } from '../time/range'
import { useTimeRange } from '../time/TimeRangeContext'
import { browserZone, chooseZone, chosenZone, TIME_ZONES } from '../time/zone'
import styles from './Header.module.css'
import { fromInput, toInput } from './localInput'

export function TimeRangePicker() {
  const { range, key, window, setRange } = useTimeRange()
  const [open, setOpen] = useState(false)
  const choose = (next: Range) => {
    setRange(next)
    setOpen(false)
  }
  return (
    <Popover opened={open} onChange={setOpen} position="bottom-end" trapFocus>
      <Popover.Target>
        <button type="button" className={styles.range} aria-label={`Time range: ${labelOf(range)}`} onClick={() => setOpen(!open)}>
          <IconClock size={15} stroke={1.7} aria-hidden />
          {labelOf(range)}
          <small>{zoneLabel(window.to)}</small>
          <IconChevronDown size={13} aria-hidden />
        </button>
      </Popover.Target>
      <Popover.Dropdown>
        <div className={styles.picker}>
          <div className={styles.presets} role="group" aria-label="Relative ranges">
            {PRESETS.map((preset) => (
              <button type="button" key={preset.label} aria-pressed={keyOf(preset.range) === key} onClick={() => choose(preset.range)}>
                {preset.label}
              </button>
            ))}
          </div>
          <AbsoluteForm onChoose={choose} />
        </div>
      </Popover.Dropdown>
    </Popover>
  )
}

function AbsoluteForm({ onChoose }: { onChoose(range: Range): void }) {
  const { window } = useTimeRange()
  const [from, setFrom] = useState(toInput(window.from))
  const [to, setTo] = useState(toInput(window.to))
  const range = { kind: 'absolute' as const, from: fromInput(from), to: fromInput(to) }
  const readable = Number.isFinite(range.from) && Number.isFinite(range.to)
  const problem = !readable ? 'Give both as a date and a time.' : range.from >= range.to ? 'The start must be before the end.' : null
  return (
    <form
      className={styles.absolute}
      onSubmit={(event) => {
        event.preventDefault()
        if (!problem) onChoose(range)
      }}
    >
      <TextInput type="datetime-local" label="From" value={from} onChange={(e) => setFrom(e.currentTarget.value)} />
      <TextInput type="datetime-local" label="To" value={to} error={problem} onChange={(e) => setTo(e.currentTarget.value)} />
      <Button type="submit" disabled={problem !== null}>
        Apply
      </Button>
      <p>{zoneLabel(window.to)}. Past ranges do not refresh.</p>
      <ZoneSelect />
    </form>
  )
}

/** Another zone loads the page anew. */
function ZoneSelect() {
  const zones = [{ value: '', label: `This browser’s (${browserZone})` }, ...TIME_ZONES.map((zone) => ({ value: zone, label: zone }))]
  return <NativeSelect label="Time zone" value={chosenZone ?? ''} data={zones} onChange={(e) => chooseZone(e.currentTarget.value || null)} />
}
