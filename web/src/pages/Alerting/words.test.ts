import { expect, test } from 'vitest'
import { clock, eventWord, lackOf, minuteOfClock, policyWord, windowWord } from './words'

test('types of events are words', () => {
  expect(eventWord('POLICY_OPEN_CRITICAL')).toBe('Begins as critical')
  expect(eventWord('ANOMALY_CLOSE_WARNING')).toBe('Ends as warning')
  expect(eventWord('APP_SERVER_RESTART')).toBe('App server restart')
})

test('a policy is a sentence', () => {
  const policy = { event_types: ['STALL'], custom_events: [], rules: ['CPU'], entities: [{ kind: 'tier' as const, ids: [1] }, { kind: 'business_transaction' as const, ids: [] }] }
  expect(policyWord(policy)).toBe('1 type of event of CPU on 1 tier, all business transactions')
  expect(policyWord({ event_types: [], custom_events: [], rules: [], entities: [] })).toBe('Nothing')
})

test('times of the clock are read and written', () => {
  expect([minuteOfClock('22:30'), minuteOfClock('6:05'), minuteOfClock('24:00')]).toEqual([1350, 365, 1440])
  expect([minuteOfClock('25:00'), minuteOfClock('10:75'), minuteOfClock('ten')]).toEqual([null, null, null])
  expect(clock(365)).toBe('06:05')
  expect(windowWord({ kind: 'recurring', days: [6, 7], month_days: [], from_minute: 1320, until_minute: 360, zone: 'UTC' }, String)).toBe('Sat, Sun, 22:00 to 06:00 (UTC)')
})

test('a draft that could send something is previewed, one that could not says what it lacks', () => {
  expect(lackOf({ kind: 'email', to: [], subject: '' })).toContain('address')
  expect(lackOf({ kind: 'email', to: ['ops@example.com'], subject: '' })).toBeNull()
  expect(lackOf({ kind: 'http', preset: '', method: 'POST', url: ' ', headers: [], body: '' })).toContain('URL')
  expect(lackOf({ kind: 'http', preset: '', method: 'POST', url: '{{ secrets.url }}', headers: [], body: '' })).toBeNull()
  expect(lackOf({ kind: 'command', command: '', arguments: [] })).toContain('command')
  expect(lackOf({ kind: 'unsupported', what: 'SCRIPT' })).toContain('another kind')
})
