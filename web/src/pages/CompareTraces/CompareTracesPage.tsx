import { Button } from '@mantine/core'
import { IconArrowsExchange } from '@tabler/icons-react'
import { useMemo } from 'react'
import { useSearchParams } from 'react-router'
import { useTrace, type Result } from '../../api/queries'
import type { Trace } from '../../api/types'
import { paths } from '../../app/paths'
import { useTitle } from '../../app/useTitle'
import { Card } from '../../components/card/Card'
import { OutcomeBadge } from '../../components/figures/OutcomeBadge'
import { RangeLink } from '../../components/link/RangeLink'
import { Empty } from '../../components/states/Empty'
import { Failed } from '../../components/states/Failed'
import { Loading } from '../../components/states/Loading'
import { exact, milliseconds, plural } from '../../format/numbers'
import { exactMoment } from '../../format/times'
import page from '../page.module.css'
import { callsOf } from '../Trace/model/calls'
import { compared } from '../Trace/model/compare'
import { treeOf } from '../Trace/model/tree'
import { ComparedTable } from './ComparedTable'
import styles from './CompareTraces.module.css'

const ID = /^[0-9a-f]{32}$/

/** Two traces, operation by operation. */
export function CompareTracesPage() {
  const [params, setParams] = useSearchParams()
  const [a, b] = [params.get('a') ?? '', params.get('b') ?? '']
  const sound = ID.test(a) && ID.test(b)
  const [first, second] = [useTrace(a, { enabled: sound }), useTrace(b, { enabled: sound })]
  useTitle(['Comparison of two traces'])
  const swap = () =>
    setParams((before) => {
      const after = new URLSearchParams(before)
      after.set('a', b)
      after.set('b', a)
      return after
    })
  if (!sound) {
    return (
      <div className={page.page}>
        <Card title="Comparison of two traces" level={1}>
          <Empty title="Two traces are needed">Open a trace and choose “Compare with…”. A link has both ids: {paths.compareTraces}?a=…&b=…, 32 hexadecimal digits each.</Empty>
        </Card>
      </div>
    )
  }
  return (
    <div className={page.page}>
      <Card
        title="Comparison of two traces"
        level={1}
        actions={
          <Button variant="default" leftSection={<IconArrowsExchange size={14} />} onClick={swap}>
            Swap
          </Button>
        }
      >
        <div className={styles.heads}>
          <Head letter="A" id={a} query={first} />
          <Head letter="B" id={b} query={second} />
        </div>
      </Card>
      {first.data && second.data && <Comparison a={first.data} b={second.data} />}
    </div>
  )
}

function Head({ letter, id, query }: { letter: string; id: string; query: Result<Trace> }) {
  const trace = query.data
  const bt = trace?.bts[0]
  return (
    <section className={styles.head} aria-label={`Trace ${letter}`}>
      <b className={styles.letter}>{letter}</b>
      <div>
        <div className={styles.name}>
          {bt && <OutcomeBadge outcome={bt.outcome} />}
          <strong>{trace ? (bt?.name ?? 'no business transaction') : ''}</strong>
          {trace && <b title={exact(trace.duration_ms, 'ms')}>{milliseconds(trace.duration_ms)}</b>}
          {trace && <span>{plural(trace.spans.length, 'span')}</span>}
        </div>
        <div className={styles.name}>
          <RangeLink to={paths.trace(id)}>
            <code>{id}</code>
          </RangeLink>
          {trace && <span>{exactMoment(trace.start)}</span>}
        </div>
        {query.isPending && <Loading what={`trace ${letter}`} lines={2} />}
        {query.error && (query.error.status === 404 ? <Empty title="This trace is not kept" /> : <Failed what={`trace ${letter}`} error={query.error} retry={() => void query.refetch()} />)}
      </div>
    </section>
  )
}

function Comparison({ a, b }: { a: Trace; b: Trace }) {
  const rows = useMemo(() => compared(callsOf(treeOf(a.spans)), callsOf(treeOf(b.spans))), [a, b])
  const [onlyA, onlyB] = [rows.filter((row) => !row.b).length, rows.filter((row) => !row.a).length]
  const longer = b.duration_ms - a.duration_ms
  const note = `B took ${milliseconds(Math.abs(longer))} ${longer < 0 ? 'less' : 'more'}; ${plural(rows.length, 'operation')}, ${onlyA} only in A, ${onlyB} only in B`
  return (
    <Card title="Operations" note={note}>
      <ComparedTable rows={rows} a={a.trace_id} b={b.trace_id} />
    </Card>
  )
}
