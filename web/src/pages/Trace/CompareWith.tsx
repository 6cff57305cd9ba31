import { Button, Popover, TextInput } from '@mantine/core'
import { IconArrowsDiff } from '@tabler/icons-react'
import { useState } from 'react'
import { useNavigate } from 'react-router'
import type { Page, Snapshot, Trace } from '../../api/types'
import { paths } from '../../app/paths'
import { useHref } from '../../app/urlState'
import { OutcomeBadge } from '../../components/figures/OutcomeBadge'
import { RangeLink } from '../../components/link/RangeLink'
import { Loaded } from '../../components/states/Loaded'
import { milliseconds } from '../../format/numbers'
import { exactMoment, timeOf } from '../../format/times'
import { useOthersLike } from './queries'
import styles from './CompareWith.module.css'

/** Leads to the comparison of this trace with another one: of the same business transaction, or of any id. */
export function CompareWith({ trace }: { trace: Trace }) {
  const [opened, setOpened] = useState(false)
  return (
    <Popover opened={opened} onChange={setOpened} width={380} position="bottom-end" trapFocus>
      <Popover.Target>
        <Button variant="default" ml="xs" leftSection={<IconArrowsDiff size={14} />} onClick={() => setOpened(!opened)}>
          Compare with…
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label="Compare with">{opened && <Choice trace={trace} />}</Popover.Dropdown>
    </Popover>
  )
}

const ID = /^[0-9a-f]{32}$/

function Choice({ trace }: { trace: Trace }) {
  const [text, setText] = useState('')
  const navigate = useNavigate()
  const href = useHref()
  const id = text.trim().toLowerCase()
  return (
    <div className={styles.compare}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (ID.test(id)) void navigate(href(paths.compareTraces, { a: trace.trace_id, b: id }))
        }}
      >
        <TextInput aria-label="Id of another trace" placeholder="Id of another trace" value={text} error={id !== '' && !ID.test(id) && '32 hexadecimal digits'} onChange={(event) => setText(event.currentTarget.value)} />
        <Button type="submit" disabled={!ID.test(id)}>
          Compare
        </Button>
      </form>
      {trace.bts.length > 0 && <Others trace={trace} />}
    </div>
  )
}

function Others({ trace }: { trace: Trace }) {
  const query = useOthersLike(trace, true)
  return (
    <>
      <h2>Others of {trace.bts[0]?.name}, within an hour</h2>
      <Loaded query={query} what="others" lines={4}>
        {({ items }: Page<Snapshot>) =>
          items.length === 0 ? (
            <p>There is none.</p>
          ) : (
            <ul>
              {items.map((other) => (
                <li key={other.trace_id + other.entry_span_id}>
                  <RangeLink to={paths.compareTraces} extra={{ a: trace.trace_id, b: other.trace_id }}>
                    <span title={exactMoment(other.start)}>{timeOf(other.start)}</span>
                    <OutcomeBadge outcome={other.outcome} />
                    <b>{milliseconds(other.duration_ms)}</b>
                  </RangeLink>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </>
  )
}
