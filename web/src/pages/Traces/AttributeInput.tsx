import { Combobox, Loader, TextInput, useCombobox } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { IconFilterPlus } from '@tabler/icons-react'
import { useState, type KeyboardEvent } from 'react'
import type { Suggestions } from '../../api/types'
import { count, plural, short } from '../../format/numbers'
import { timeOf } from '../../format/times'
import { useSuggestions } from './queries'
import styles from './Traces.module.css'

interface Props {
  application: number | undefined
  tier: number | null
  full: boolean
  onAdd(pair: string): void
}

/** `key=value` to be added to the search. Keys are suggested, then values of the key. */
export function AttributeInput({ application, tier, full, onAdd }: Props) {
  const [text, setText] = useState('')
  const box = useCombobox({ onDropdownClose: () => box.resetSelectedOption() })
  const at = text.indexOf('=')
  const key = at > 0 ? text.slice(0, at) : null
  const part = key === null ? text : text.slice(at + 1)
  const [asked] = useDebouncedValue(part, 200)
  const query = useSuggestions({ application, tier, key, part: asked }, box.dropdownOpened)
  // Those of what was typed before are still there while new ones are asked for.
  const options = (query.data?.items ?? []).filter((option) => option.text.toLowerCase().includes(part.toLowerCase()))
  const write = (next: string) => {
    setText(next)
    box.openDropdown()
    box.resetSelectedOption()
  }
  const add = (pair: string) => {
    onAdd(pair)
    setText('')
    box.closeDropdown()
  }
  const chosen = (option: string) => (key === null ? write(`${option}=`) : add(`${key}=${option}`))
  const onKeyDown = (event: KeyboardEvent) => {
    // With an option selected, Enter is the list's own.
    if (event.key === 'Enter' && key !== null && part !== '' && box.getSelectedOptionIndex() < 0) add(text)
  }
  return (
    <Combobox store={box} onOptionSubmit={chosen} width={420} position="bottom-start" withinPortal>
      <Combobox.Target>
        <TextInput
          w={230}
          value={text}
          disabled={full}
          aria-label="Attribute: key=value"
          placeholder={full ? 'No more than 8 attributes' : 'Attribute: key=value'}
          leftSection={<IconFilterPlus size={14} />}
          rightSection={box.dropdownOpened && query.isFetching ? <Loader size={12} /> : null}
          onChange={(event) => write(event.currentTarget.value)}
          onFocus={() => box.openDropdown()}
          onClick={() => box.openDropdown()}
          onBlur={() => box.closeDropdown()}
          onKeyDown={onKeyDown}
        />
      </Combobox.Target>
      <Combobox.Dropdown>
        <Combobox.Options aria-label={key === null ? 'Keys of attributes' : `Values of ${key}`}>
          {options.map(({ text: option, spans }) => (
            <Combobox.Option key={option} value={option} className={styles.option}>
              <span title={option}>{option}</span>
              <small>{spans === 1 ? '1 span' : `${short(spans)} spans`}</small>
            </Combobox.Option>
          ))}
          <Combobox.Empty hidden={options.length > 0}>{query.error ? query.error.message : query.data && !query.isFetching && asked === part ? nothingOf(key) : 'Looking…'}</Combobox.Empty>
        </Combobox.Options>
        {query.data && <Combobox.Footer className={styles.lookedAt}>{lookedAtText(query.data)}</Combobox.Footer>}
      </Combobox.Dropdown>
    </Combobox>
  )
}

const nothingOf = (key: string | null) => (key === null ? 'No key like this was met' : `No such value of ${key} was met; Enter searches for it all the same`)

/** What the suggestions are made of. */
function lookedAtText({ looked_at: { spans, from, to, all }, more }: Suggestions): string {
  const others = more ? ' There are more: type on.' : ''
  if (from === null || to === null) return 'No span of this range was met.'
  if (all) return `Of ${spans === 1 ? 'the one span' : `all ${count(spans)} spans`} of this range.${others}`
  return `Of ${plural(spans, 'span')} looked at, from ${timeOf(from)} to ${timeOf(to)}; others may have more.${others}`
}
