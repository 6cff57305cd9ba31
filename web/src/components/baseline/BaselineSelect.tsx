import { NativeSelect } from '@mantine/core'
import styles from './baseline.module.css'
import { DEFAULT, NONE, useBaselineChoice } from './choice'
import { useBaselines } from './queries'

/** Which baseline the charts of the page show, if any. */
export function BaselineSelect({ application }: { application: number }) {
  const [choice, setChoice] = useBaselineChoice()
  const all = useBaselines(application).data?.items ?? []
  const standard = all.find((baseline) => baseline.default)
  const options = [
    { value: DEFAULT, label: standard ? `Baseline: ${standard.name}` : 'Baseline: the default' },
    ...all.filter((baseline) => !baseline.default).map((baseline) => ({ value: String(baseline.id), label: baseline.name })),
    { value: NONE, label: 'No baseline' },
  ]
  // One that is gone, or not known yet, stays what the URL says.
  if (!options.some((option) => option.value === choice)) options.push({ value: choice, label: `Baseline ${choice}` })
  return <NativeSelect className={styles.select} size="xs" aria-label="Baseline of the charts" data={options} value={choice} onChange={(event) => setChoice(event.currentTarget.value)} />
}
