import { Button } from '@mantine/core'
import { Empty } from '../../components/states/Empty'
import { Loaded } from '../../components/states/Loaded'
import { count } from '../../format/numbers'
import styles from './Metrics.module.css'
import { useMetricSearch } from './queries'
import type { Chosen } from './useSelection'

interface Props {
  application: number
  text: string
  chosen: Chosen
}

/** The metrics whose paths hold a text. */
export function MetricSearch({ application, text, chosen }: Props) {
  const query = useMetricSearch(application, text)
  return (
    <div className={styles.tree}>
      <Loaded query={query} what="the metrics">
        {({ items }) =>
          items.length ? (
            <>
              <p className={styles.nothing}>
                {count(items.length)}
                {query.hasNextPage && ' and more'} found
              </p>
              <ul className={styles.found}>
                {items.map(({ path, unit }) => (
                  <Found key={path} path={path} unit={unit} chosen={chosen} />
                ))}
              </ul>
              {query.hasNextPage && (
                <Button variant="subtle" fullWidth loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
                  Load more
                </Button>
              )}
            </>
          ) : (
            <Empty title="No metric path holds that">Words may stand in any segment; a bar asks for segments in order: web | 95th. An asterisk stands for any letters.</Empty>
          )
        }
      </Loaded>
    </div>
  )
}

function Found({ path, unit, chosen }: { path: string; unit: string; chosen: Chosen }) {
  const parts = path.split('|')
  const checked = chosen.paths.includes(path)
  return (
    <li>
      <label className={styles.hit} title={path} aria-label={path} data-chosen={checked || undefined}>
        <input type="checkbox" checked={checked} disabled={!checked && chosen.full} onChange={() => chosen.toggle(path)} />
        <span>
          <b>{parts.at(-1)}</b> <small>{unit}</small>
          <i>{parts.slice(0, -1).join(' › ')}</i>
        </span>
      </label>
    </li>
  )
}
