import { Button, CloseButton, MultiSelect, Select } from '@mantine/core'
import styles from './Alerting.module.css'
import { useEntities } from './queries'
import type { EntitySelection, SelectedKind } from './types'
import { KIND_WORDS } from './words'

interface Props {
  application: number | null
  value: EntitySelection[]
  onChange(value: EntitySelection[]): void
}

/** On which entities: any, all of a kind, or single ones of an application. */
export function EntitySelector({ application, value, onChange }: Props) {
  const change = (at: number, next: EntitySelection) => onChange(value.map((one, here) => (here === at ? next : one)))
  return (
    <fieldset>
      <legend>On which entities</legend>
      <div className={styles.stack}>
        {value.length === 0 && <p className={styles.hint}>Any. What is below a tier or an application counts with it.</p>}
        {value.map((selection, at) => (
          // oxlint-disable-next-line react/no-array-index-key -- a row has no other identity than its place
          <Row key={at} application={application} selection={selection} onChange={(next) => change(at, next)} onRemove={() => onChange(value.filter((_, here) => here !== at))} />
        ))}
        <div>
          <Button variant="default" size="compact-xs" onClick={() => onChange([...value, { kind: 'tier', ids: [] }])}>
            Only certain entities
          </Button>
        </div>
      </div>
    </fieldset>
  )
}

const KINDS = (Object.keys(KIND_WORDS) as SelectedKind[]).map((kind) => ({ value: kind, label: KIND_WORDS[kind] }))

function Row({ application, selection, onChange, onRemove }: { application: number | null; selection: EntitySelection; onChange(next: EntitySelection): void; onRemove(): void }) {
  const entities = useEntities(application, selection.kind)
  const items = entities.data?.items ?? []
  const known = new Set(items.map((one) => one.id))
  const unknown = selection.ids.filter((id) => !known.has(id)).map((id) => ({ value: String(id), label: `id ${id}` }))
  const single = application !== null || selection.kind === 'application'
  return (
    <div className={styles.row}>
      <Select label="Kind" data={KINDS} value={selection.kind} allowDeselect={false} onChange={(kind) => onChange({ kind: (kind ?? 'tier') as SelectedKind, ids: [] })} />
      <MultiSelect
        size="xs"
        label="Which"
        placeholder={selection.ids.length ? undefined : 'all'}
        description={single ? undefined : 'Pick an application above for single ones'}
        disabled={!single}
        data={[...items.map((one) => ({ value: String(one.id), label: one.name })), ...unknown]}
        value={selection.ids.map(String)}
        onChange={(ids) => onChange({ ...selection, ids: ids.map(Number) })}
        searchable
      />
      <CloseButton aria-label={`Remove ${KIND_WORDS[selection.kind]}`} onClick={onRemove} />
    </div>
  )
}
