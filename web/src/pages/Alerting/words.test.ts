import { expect, test } from 'vitest'
import { clock, eventWord, lackOf, minuteOfClock, monthDaysOf, monthDaysWord, policyWord, windowWord } from './words'

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

test('days of the month are written as people write them', () => {
  expect(monthDaysOf('')).toEqual([])
  expect(monthDaysOf(' 15, 1,28 - 31, 30–31 ')).toEqual([1, 15, 28, 29, 30, 31])
  for (const wrong of ['0', '32', 'first', '5-3', '1 2', '1-2-3', '-1', '1.5']) expect(monthDaysOf(wrong), wrong).toBeNull()
  expect(monthDaysWord([1, 2, 15, 28, 29, 30, 31])).toBe('1, 2, 15, 28–31')
  expect(monthDaysOf(monthDaysWord([1, 2, 15, 28, 29, 30, 31]))).toEqual([1, 2, 15, 28, 29, 30, 31])
  const window = { kind: 'recurring' as const, days: [], month_days: [1], from_minute: 0, until_minute: 360, zone: 'UTC' }
  expect(windowWord(window, String)).toBe('On day 1 of the month, 00:00 to 06:00 (UTC)')
  expect(windowWord({ ...window, days: [1], month_days: [1, 2, 3] }, String)).toBe('Mon, on days 1–3 of the month, 00:00 to 06:00 (UTC)')
})

test('a draft that could send something is previewed, one that could not says what it lacks', () => {
  expect(lackOf({ kind: 'email', to: [], subject: '' })).toContain('address')
  expect(lackOf({ kind: 'email', to: ['ops@example.com'], subject: '' })).toBeNull()
  expect(lackOf({ kind: 'http', preset: '', method: 'POST', url: ' ', headers: [], body: '' })).toContain('URL')
  expect(lackOf({ kind: 'http', preset: '', method: 'POST', url: '{{ secrets.url }}', headers: [], body: '' })).toBeNull()
  expect(lackOf({ kind: 'command', command: '', arguments: [] })).toContain('command')
  expect(lackOf({ kind: 'unsupported', what: 'SCRIPT' })).toContain('another kind')
})
