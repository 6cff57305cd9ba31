import { Modal } from '@mantine/core'
import { IconSearch } from '@tabler/icons-react'
import { useId, useState, type KeyboardEvent } from 'react'
import { search, type Command } from './commands'
import styles from './palette.module.css'
import { useCommands } from './useCommands'

/** Everything by its name: pages, entities of the application at hand, a trace by its id, ranges. */
export default function Palette({ onClose }: { onClose(): void }) {
  // No lock on scrolling: it would write a style element, which the Content-Security-Policy refuses.
  return (
    <Modal.Root opened onClose={onClose} lockScroll={false} size={620} yOffset="12vh" transitionProps={{ duration: 0 }}>
      <Modal.Overlay />
      <Modal.Content aria-label="Go to or do">
        <Finder onClose={onClose} />
      </Modal.Content>
    </Modal.Root>
  )
}

function Finder({ onClose }: { onClose(): void }) {
  const [text, setText] = useState('')
  const [at, setAt] = useState(0)
  const list = useId()
  const groups = search(useCommands(text), text)
  const all = groups.flatMap((group) => group.commands)
  const chosen = all[Math.min(at, all.length - 1)]
  const run = (command: Command | undefined) => {
    if (!command) return
    onClose()
    command.run()
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step !== undefined && all.length > 0) setAt((Math.min(at, all.length - 1) + step + all.length) % all.length)
    else if (event.key === 'Enter') run(chosen)
    else return
    event.preventDefault()
  }
  const type = (next: string) => {
    setText(next)
    setAt(0)
  }
  return (
    <div className={styles.palette}>
      <div className={styles.input}>
        <IconSearch size={16} aria-hidden />
        <input
          data-autofocus
          role="combobox"
          aria-label="Go to or do"
          aria-expanded
          aria-controls={list}
          aria-activedescendant={chosen && `${list}-${chosen.id}`}
          placeholder="A page, a transaction, a tier, a trace id…"
          value={text}
          maxLength={200}
          spellCheck={false}
          autoComplete="off"
          onChange={(e) => type(e.currentTarget.value)}
          onKeyDown={onKeyDown}
        />
        <kbd>Esc</kbd>
      </div>
      <div id={list} role="listbox" aria-label="What was found" className={styles.list}>
        {groups.map((found) => (
          <div key={found.group} role="group" aria-label={found.group}>
            <div className={styles.group} aria-hidden>
              {found.group}
            </div>
            {found.commands.map((command) => (
              <Option key={command.id} id={`${list}-${command.id}`} command={command} chosen={command === chosen} onPoint={() => setAt(all.indexOf(command))} onRun={() => run(command)} />
            ))}
          </div>
        ))}
      </div>
      {all.length === 0 && (
        <p className={styles.nothing} role="status">
          Nothing here is called “{text}”. A trace is found by its 32 digits, everything else by words of its name.
        </p>
      )}
    </div>
  )
}

interface OptionProps {
  id: string
  command: Command
  chosen: boolean
  onPoint(): void
  onRun(): void
}

/** Focus stays in the input, which points here; the keys are handled there. */
function Option({ id, command, chosen, onPoint, onRun }: OptionProps) {
  const show = (element: HTMLDivElement | null) => {
    if (chosen) element?.scrollIntoView({ block: 'nearest' })
  }
  return (
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/interactive-supports-focus -- see above
    <div ref={show} id={id} role="option" aria-selected={chosen} className={styles.option} onMouseMove={onPoint} onClick={onRun}>
      <span>{command.label}</span>
      {command.note && <small>{command.note}</small>}
    </div>
  )
}
