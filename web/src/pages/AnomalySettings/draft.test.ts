import { expect, it } from 'vitest'
import type { AnomalySettings } from '../../api/types'
import { draftOf, problemOf, settingsOf, withOverride } from './draft'

const settings: AnomalySettings = { enabled: true, sensitivity: 'MEDIUM', min_deviation_percent: 10, min_deviation_ms: 5, min_calls: 5, transactions: [{ id: 7, enabled: false, sensitivity: 'LOW' }] }

it('what is not changed is stored as it was', () => expect(settingsOf(draftOf(settings))).toEqual(settings))

it('a limit that is no number is told and nothing is stored', () => {
  const draft = { ...draftOf(settings), ms: 'a few' }
  expect(problemOf(draft, 'ms')).toBe('A number from 0 to 600,000')
  expect(problemOf({ ...draft, percent: '1001' }, 'percent')).toBeDefined()
  expect(settingsOf(draft)).toBe(null)
  expect(settingsOf({ ...draft, ms: ' 2,5 ' })?.min_deviation_ms).toBe(2.5)
})

it('an override is added, changed and taken out, and the others keep their place', () => {
  const two = withOverride(settings.transactions, 9, { sensitivity: 'HIGH' })
  expect(two).toEqual([settings.transactions[0], { id: 9, enabled: true, sensitivity: 'HIGH' }])
  expect(withOverride(two, 7, { enabled: true })[0]).toEqual({ id: 7, enabled: true, sensitivity: 'LOW' })
  expect(withOverride(two, 7, null)).toEqual([two[1]])
})
