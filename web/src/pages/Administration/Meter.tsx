import styles from './Administration.module.css'

interface Props {
  label: string
  value: string
  /** Used, 0 to 1. */
  share: number
  /** Vedette's own part of it, 0 to 1. */
  own?: number
  remark?: string
}

/** How much of something is used. */
export function Meter({ label, value, share, own, remark }: Props) {
  const clamped = Math.min(1, Math.max(0, share))
  const level = share >= 1 ? 'reached' : share > 0.8 ? 'near' : 'ok'
  const width = (part: number) => ({ width: `${Math.max(part * 100, part > 0 ? 0.4 : 0)}%` })
  return (
    <div className={styles.meter}>
      <div>
        <b>{label}</b>
        <span>{value}</span>
      </div>
      <div role="meter" aria-label={label} aria-valuenow={Math.round(clamped * 100)} aria-valuemin={0} aria-valuemax={100} aria-valuetext={value} data-level={level}>
        <i style={width(clamped)} />
        {own !== undefined && <em style={width(Math.min(clamped, own))} title="Vedette’s tables" />}
      </div>
      {remark && <p>{remark}</p>}
    </div>
  )
}
