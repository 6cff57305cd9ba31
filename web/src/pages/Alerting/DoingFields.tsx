import { Button, CloseButton, Select, TagsInput, Textarea, TextInput } from '@mantine/core'
import styles from './Alerting.module.css'
import type { ActionPreset, CommandDoing, EmailDoing, HttpDoing } from './types'

export function EmailFields({ doing, onChange }: { doing: EmailDoing; onChange(doing: EmailDoing): void }) {
  const wrong = doing.to.find((address) => !/^[^@]*[^@\s]@[^@\s]+$/.test(address))
  return (
    <>
      <TagsInput size="xs" label="To" description="Press Enter after each address" placeholder="ops@example.com" value={doing.to} error={wrong && `“${wrong}” is no email address`} splitChars={[',', ';', ' ']} onChange={(to) => onChange({ ...doing, to })} />
      <TextInput label="Subject" description="Empty: the notice’s title" placeholder="[{{ application }}] {{ title }}" value={doing.subject} onChange={(e) => onChange({ ...doing, subject: e.currentTarget.value })} />
    </>
  )
}

const METHODS = ['POST', 'PUT', 'PATCH', 'GET']

export function HttpFields({ doing, presets, onChange, onPreset }: { doing: HttpDoing; presets: ActionPreset[]; onChange(doing: HttpDoing): void; onPreset(preset: ActionPreset): void }) {
  const preset = presets.find((one) => one.id === doing.preset)
  const header = (at: number, part: { name?: string; value?: string }) => onChange({ ...doing, headers: doing.headers.map((one, here) => (here === at ? { ...one, ...part } : one)) })
  return (
    <>
      <Select
        label="Made from"
        description={preset?.help}
        data={presets.map(({ id, name }) => ({ value: id, label: name }))}
        value={doing.preset}
        allowDeselect={false}
        onChange={(id) => {
          const next = presets.find((one) => one.id === id)
          if (next) onPreset(next)
        }}
      />
      <div className={styles.row}>
        <Select label="Method" data={METHODS} value={doing.method} allowDeselect={false} onChange={(method) => onChange({ ...doing, method: method ?? 'POST' })} />
        <TextInput label="URL" flex="4 1 280px" value={doing.url} onChange={(e) => onChange({ ...doing, url: e.currentTarget.value })} />
      </div>
      <fieldset>
        <legend>Headers</legend>
        <div className={styles.stack}>
          {doing.headers.map((one, at) => (
            // oxlint-disable-next-line react/no-array-index-key -- a row has no other identity than its place
            <div key={at} className={styles.row}>
              <TextInput aria-label={`Name of header ${at + 1}`} value={one.name} onChange={(e) => header(at, { name: e.currentTarget.value })} />
              <TextInput aria-label={`Value of header ${at + 1}`} value={one.value} onChange={(e) => header(at, { value: e.currentTarget.value })} />
              <CloseButton aria-label={`Remove header ${at + 1}`} onClick={() => onChange({ ...doing, headers: doing.headers.filter((_, here) => here !== at) })} />
            </div>
          ))}
          <div>
            <Button variant="default" size="compact-xs" onClick={() => onChange({ ...doing, headers: [...doing.headers, { name: '', value: '' }] })}>
              Add a header
            </Button>
          </div>
        </div>
      </fieldset>
      {doing.method !== 'GET' && (
        <Textarea size="xs" label="Body" description="A template: {{ title }}, {{ text }}, {{ link }}, {{ severity }}, {{ since|time }}; in JSON with |tojson" autosize minRows={6} maxRows={18} styles={{ input: { fontFamily: 'var(--v-mono)' } }} value={doing.body} onChange={(e) => onChange({ ...doing, body: e.currentTarget.value })} />
      )}
    </>
  )
}

export function CommandFields({ doing, commands, onChange }: { doing: CommandDoing; commands: string[]; onChange(doing: CommandDoing): void }) {
  const known = commands.includes(doing.command) || doing.command === '' ? commands : [...commands, doing.command]
  return (
    <>
      {commands.length === 0 && (
        <p className={styles.hint}>
          The settings file allows no command. Name those that may be run there: <code>notice-commands = [&quot;page=/usr/local/bin/page&quot;]</code>
        </p>
      )}
      <Select label="Command" description="By the name that the settings file gives it" data={known} value={doing.command || null} onChange={(command) => onChange({ ...doing, command: command ?? '' })} />
      <Textarea size="xs" label="Arguments" description="One a line, each a template and one argument whatever is in it. The notice comes as JSON on standard input." autosize minRows={3} value={doing.arguments.join('\n')} onChange={(e) => onChange({ ...doing, arguments: e.currentTarget.value === '' ? [] : e.currentTarget.value.split('\n') })} />
    </>
  )
}
