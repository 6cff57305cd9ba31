// The columns every table of measured things shares.
import type { Figures } from '../../api/types'
import { errorShareText, exact, plural, rateOf, responseTime, sampledText, short } from '../../format/numbers'
import type { Column } from '../table/DataTable'
import { BaselineState } from '../baseline/BaselineState'
import { stateOrder } from '../baseline/state'
import { ErrorShare } from './ErrorShare'

const withSample = (text: string, figures: Figures) => [text, sampledText(figures)].filter(Boolean).join('; ')

export function figureColumns<Row>(figuresOf: (row: Row) => Figures | null): Column<Row>[] {
  const number = (key: string, label: string, value: (f: Figures) => number | null, draw: (f: Figures) => React.ReactNode, hover: (f: Figures) => string): Column<Row> => ({
    key,
    label,
    numeric: true,
    value: (row) => {
      const figures = figuresOf(row)
      return figures && value(figures)
    },
    render: (row) => {
      const figures = figuresOf(row)
      return figures ? <span title={hover(figures)}>{draw(figures)}</span> : '–'
    },
  })
  return [
    number('calls_per_minute', 'Calls/min', (f) => f.calls_per_minute, rateOf, (f) => withSample(exact(f.calls_per_minute, 'calls/min'), f)),
    number('calls', 'Calls', (f) => f.calls, (f) => short(f.calls), (f) => withSample(exact(f.calls, 'calls'), f)),
    number('average_ms', 'Response time', (f) => f.average_ms, (f) => responseTime(f.average_ms), (f) => exact(f.average_ms, 'ms')),
    number('p95_ms', '95th', (f) => f.p95_ms, (f) => responseTime(f.p95_ms), (f) => exact(f.p95_ms, 'ms')),
    number('errors_per_minute', 'Errors/min', (f) => f.errors_per_minute, (f) => short(f.errors_per_minute), (f) => exact(f.errors_per_minute, 'errors/min')),
    number('errors', 'Errors', (f) => f.errors, (f) => short(f.errors), (f) => `${plural(f.errors, 'error')}, ${exact(f.errors_per_minute, 'errors/min')}`),
    number('error_percent', 'Error %', (f) => (f.calls ? f.error_percent : null), (f) => <ErrorShare figures={f} />, errorShareText),
    {
      key: 'baseline',
      label: 'Baseline',
      value: (row) => stateOrder(figuresOf(row)?.deviation ?? null),
      render: (row) => <BaselineState deviation={figuresOf(row)?.deviation ?? null} />,
    },
  ]
}
