import { CloseButton, TextInput } from '@mantine/core'
import { IconSearch } from '@tabler/icons-react'

interface Props {
  value: string
  onChange(value: string | null): void
  label: string
  width?: number
}

export function SearchInput({ value, onChange, label, width = 220 }: Props) {
  return (
    <TextInput
      w={width}
      value={value}
      placeholder={label}
      aria-label={label}
      leftSection={<IconSearch size={14} />}
      rightSection={value && <CloseButton size="xs" aria-label="Clear" onClick={() => onChange(null)} />}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  )
}
