import { IconChevronRight } from '@tabler/icons-react'
import { useState } from 'react'
import type { MetricName } from '../../api/types'
import { Empty } from '../../components/states/Empty'
import { Loaded } from '../../components/states/Loaded'
import { count } from '../../format/numbers'
import styles from './Metrics.module.css'
import { useMetricLevel } from './queries'
import type { Chosen } from './useSelection'

/** Names of a level that are drawn at once. */
const CHUNK = 200

interface Props {
  application: number
  chosen: Chosen
  /** Only what is below this folder. */
  root?: string
}

/** The metric tree; each level is asked for when it is opened. What leads to a chosen metric is open from the start. */
export function MetricTree({ application, chosen, root = '' }: Props) {
  const [open, setOpen] = useState<ReadonlySet<string>>(() => new Set(chosen.paths.flatMap(foldersOf)))
  const toggle = (folder: string) =>
    setOpen((before) => {
      const after = new Set(before)
      if (!after.delete(folder)) after.add(folder)
      return after
    })
  return (
    <div className={styles.tree}>
      <Level application={application} prefix={root} chosen={chosen} open={open} onToggle={toggle} />
    </div>
  )
}

function foldersOf(path: string): string[] {
  const parts = path.split('|')
  return parts.slice(0, -1).map((_, i) => parts.slice(0, i + 1).join('|'))
}

interface LevelProps extends Props {
  prefix: string
  open: ReadonlySet<string>
  onToggle(folder: string): void
}

function Level(props: LevelProps) {
  const { application, prefix } = props
  const query = useMetricLevel(application, prefix)
  return (
    <Loaded query={query} what="this level" lines={2}>
      {({ items }) => (items.length ? <Names items={items} {...props} /> : prefix === '' ? <Empty title="No metric yet" /> : <p className={styles.nothing}>nothing reported</p>)}
    </Loaded>
  )
}

function Names({ items, ...props }: LevelProps & { items: MetricName[] }) {
  const { prefix, open, onToggle } = props
  const [shown, setShown] = useState(CHUNK)
  return (
    <ul className={styles.level}>
      {items.slice(0, shown).map(({ name, leaf }) => {
        const path = prefix ? `${prefix}|${name}` : name
        if (leaf) return <Leaf key={`${name}|`} name={name} path={path} chosen={props.chosen} />
        return (
          <li key={name}>
            <button type="button" className={styles.folder} aria-expanded={open.has(path)} onClick={() => onToggle(path)} title={name}>
              <IconChevronRight size={13} aria-hidden />
              <span>{name}</span>
            </button>
            {open.has(path) && <Level {...props} prefix={path} />}
          </li>
        )
      })}
      {shown < items.length && (
        <li>
          <button type="button" className={styles.moreNames} onClick={() => setShown(shown + CHUNK)}>
            {count(items.length - shown)} more
          </button>
        </li>
      )}
    </ul>
  )
}

function Leaf({ name, path, chosen }: { name: string; path: string; chosen: Chosen }) {
  const checked = chosen.paths.includes(path)
  return (
    <li>
      <label className={styles.leaf} title={name} data-chosen={checked || undefined}>
        <input type="checkbox" checked={checked} disabled={!checked && chosen.full} onChange={() => chosen.toggle(path)} />
        <span>{name}</span>
      </label>
    </li>
  )
}
