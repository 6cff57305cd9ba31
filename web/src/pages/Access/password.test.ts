import { describe, expect, it } from 'vitest'
import { passwordProblem } from './password'

describe('a new password', () => {
  it.each([
    ['three wise otters', 'ada'],
    ['ada and her otters', 'ada'],
    ['péché mignon!', ''],
  ])('%s is taken', (password, user) => expect(passwordProblem(password, user)).toBeNull())
  it.each([
    ['eleven char', 'ada'],
    ['administrator', 'Administrator'],
    ['adaadaadaada', 'ada'],
    ['aaaaaaaaaaaaaa', 'x'],
  ])('%s is refused', (password, user) => expect(passwordProblem(password, user)).not.toBeNull())
})
