import { TagsInput } from '@mantine/core'
import { useRuleNames } from './queries'

interface Props {
  /** Whose rules are offered; null: those of all applications. */
  application: number | null
  /** What it means that none is named. */
  none: string
  value: string[]
  onChange(names: string[]): void
}

/** Health rules by their names: those that there are to pick from, others to be typed. */
export function RuleNames({ application, none, value, onChange }: Props) {
  const names = useRuleNames(application)
  return <TagsInput size="xs" label="Only violations of these health rules" description={`None: ${none}. Pick names, or type one and press Enter.`} data={names} limit={50} value={value} onChange={onChange} acceptValueOnBlur />
}
