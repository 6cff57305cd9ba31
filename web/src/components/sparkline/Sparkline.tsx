import { memo, useMemo } from 'react'
import type { Sparkline as Values } from '../../api/types'
import { short } from '../../format/numbers'
import { DOT, sparklinePath } from './path'
import styles from './Sparkline.module.css'

interface Props {
  values: Values
  label: string
  width?: number
  height?: number
}

export const Sparkline = memo(function Sparkline({ values, label, width = 110, height = 22 }: Props) {
  const shape = useMemo(() => sparklinePath(values, width, height), [values, width, height])
  const measured = values.filter((v) => v !== null)
  const text = measured.length ? `${label}: ${short(Math.min(...measured))} to ${short(Math.max(...measured))}` : `${label}: no data`
  return (
    <svg className={styles.sparkline} width={width} height={height} viewBox={`0 0 ${width} ${height}`} role="img" aria-label={text}>
      <title>{text}</title>
      <path className={styles.area} d={shape.area} />
      <path className={styles.line} d={shape.line} />
      {shape.dots.map(([x, y]) => (
        <circle key={x} className={styles.dot} cx={x} cy={y} r={DOT} />
      ))}
    </svg>
  )
})
