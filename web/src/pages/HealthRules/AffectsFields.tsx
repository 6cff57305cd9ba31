import { Checkbox, MultiSelect, NativeSelect, TagsInput, TextInput } from '@mantine/core'
import { useFields } from './Fields'
import styles from './HealthRules.module.css'
import { isOfNodes, type Draft, type ScopeDraft } from './model/draft'
import { CUSTOM_WORDS, KIND_WORDS, MATCH_WORDS, RUNTIME_WORDS } from './model/words'
import { useNames } from './queries'
import type { AffectedKind, CustomEntity, NameMatch, NodeRuntime } from './types'

const options = <Key extends string>(words: Record<Key, string>) => (Object.keys(words) as Key[]).map((value) => ({ value, label: words[value] }))

/** Where the names of a kind are listed. */
const LISTS: Partial<Record<AffectedKind, string>> = { BUSINESS_TRANSACTIONS: 'business-transactions', TIERS: 'tiers', TIER_HARDWARE: 'tiers', NODES: 'nodes', NODE_HARDWARE: 'nodes', BACKENDS: 'backends', ERRORS: 'errors', SERVICE_ENDPOINTS: 'service-endpoints' }
const CUSTOM_LISTS: Record<CustomEntity, string> = { TIER: 'tiers', NODE: 'nodes', BUSINESS_TRANSACTION: 'business-transactions', BACKEND: 'backends', SERVICE_ENDPOINT: 'service-endpoints' }
const OF_TIERS: ReadonlySet<AffectedKind> = new Set(['BUSINESS_TRANSACTIONS', 'NODES', 'NODE_HARDWARE', 'SERVERS', 'ERRORS', 'SERVICE_ENDPOINTS'])
const SCOPES: Record<ScopeDraft['type'], string> = { ALL: 'All of them', SPECIFIC: 'By name', WITHIN_TIERS: 'Those of tiers', MATCHING: 'By a pattern' }

interface Props {
  draft: Draft
  onChange(part: Partial<Draft>): void
}

/** Whom the rule judges, one by one. */
export function AffectsFields({ draft, onChange }: Props) {
  const { kind, scope } = draft
  const setScope = (part: Partial<ScopeDraft>) => onChange({ scope: { ...scope, ...part } })
  const setKind = (next: AffectedKind) => onChange({ kind: next, customEntity: null, scope: { ...scope, type: 'ALL', names: [], not: false } })
  const scopes = options(SCOPES).filter((one) => one.value !== 'WITHIN_TIERS' || OF_TIERS.has(kind))
  const scoped = kind !== 'OVERALL_APPLICATION' && kind !== 'CUSTOM'
  return (
    <fieldset>
      <legend>Affects</legend>
      <div className={styles.stack}>
        <div className={styles.row}>
          <NativeSelect label="Judges" data={options(KIND_WORDS)} value={kind} onChange={(e) => setKind(e.currentTarget.value as AffectedKind)} />
          {scoped && <NativeSelect label="Which" data={scopes} value={scope.type} onChange={(e) => setScope({ type: e.currentTarget.value as ScopeDraft['type'], names: [] })} />}
          {isOfNodes(kind) && <NativeSelect label="Runtime" data={options(RUNTIME_WORDS)} value={draft.runtime} onChange={(e) => onChange({ runtime: e.currentTarget.value as NodeRuntime })} />}
          {kind === 'CUSTOM' && (
            <NativeSelect
              label="Its violations are of"
              data={[{ value: '', label: 'the application' }, ...options(CUSTOM_WORDS).map((one) => ({ ...one, label: `a ${one.label}` }))]}
              value={draft.customEntity ?? ''}
              onChange={(e) => onChange({ customEntity: (e.currentTarget.value || null) as CustomEntity | null, scope: { ...scope, names: [] } })}
            />
          )}
        </div>
        {kind === 'CUSTOM' && draft.customEntity && <CustomName list={CUSTOM_LISTS[draft.customEntity]} word={CUSTOM_WORDS[draft.customEntity]} scope={scope} onChange={setScope} />}
        {scoped && scope.type !== 'ALL' && <ScopeFields kind={kind} scope={scope} onChange={setScope} />}
      </div>
    </fieldset>
  )
}

function CustomName({ list, word, scope, onChange }: { list: string; word: string; scope: ScopeDraft; onChange(part: Partial<ScopeDraft>): void }) {
  const { application, problem, touch } = useFields()
  const names = useNames(application, list)
  const [chosen = ''] = scope.names
  return (
    <NativeSelect
      label={`The ${word}`}
      data={['', ...names, ...(chosen && !names.includes(chosen) ? [chosen] : [])]}
      value={chosen}
      error={problem('scope')}
      onChange={(e) => (touch('scope'), onChange({ names: e.currentTarget.value ? [e.currentTarget.value] : [] }))}
    />
  )
}

function ScopeFields({ kind, scope, onChange }: { kind: AffectedKind; scope: ScopeDraft; onChange(part: Partial<ScopeDraft>): void }) {
  const { problem } = useFields()
  const not = <Checkbox label={scope.type === 'MATCHING' ? 'All whose name does not' : 'All but these'} checked={scope.not} onChange={(e) => onChange({ not: e.currentTarget.checked })} />
  if (scope.type === 'MATCHING') return <PatternFields scope={scope} onChange={onChange} not={not} />
  return (
    <div className={styles.stack}>
      <NamesField key={scope.type} list={scope.type === 'WITHIN_TIERS' ? 'tiers' : (LISTS[kind] ?? null)} label={scope.type === 'WITHIN_TIERS' ? 'Tiers' : 'Names'} value={scope.names} error={problem('scope')} onChange={(names) => onChange({ names })} />
      {not}
    </div>
  )
}

function PatternFields({ scope, onChange, not }: { scope: ScopeDraft; onChange(part: Partial<ScopeDraft>): void; not: React.ReactNode }) {
  const { problem, touches } = useFields()
  return (
    <div className={styles.stack}>
      <div className={styles.row}>
        <NativeSelect label="Name" data={options(MATCH_WORDS)} value={scope.how} onChange={(e) => onChange({ how: e.currentTarget.value as NameMatch })} />
        <TextInput data-wide label="Text" placeholder="capitals and small letters are told apart" value={scope.value} maxLength={1000} error={problem('scope')} onChange={(e) => onChange({ value: e.currentTarget.value })} {...touches('scope')} />
      </div>
      {not}
    </div>
  )
}

/** Names out of a list, or free ones where there is none. */
function NamesField({ list, label, value, error, onChange }: { list: string | null; label: string; value: string[]; error?: string; onChange(names: string[]): void }) {
  const { application, touch } = useFields()
  const names = useNames(application, list)
  const change = (next: string[]) => (touch('scope'), onChange(next))
  if (list === null) return <TagsInput size="xs" label={label} description="Press Enter after each" value={value} error={error} onChange={change} />
  return <MultiSelect size="xs" label={label} placeholder={value.length ? undefined : 'Pick some'} data={[...new Set([...names, ...value])]} value={value} error={error} onChange={change} searchable limit={200} nothingFoundMessage="Nothing is named like that" />
}
