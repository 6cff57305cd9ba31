import { expect, test } from 'vitest'
import type { Figures } from '../../api/types'
import { told } from './told'

const figures = (calls: number) => ({ calls }) as Figures

test('no calls are zero where the application reported, and nothing where it did not', () => {
  expect(told({ figures: figures(0), sparkline: [null, 0, null] })).toEqual(figures(0))
  expect(told({ figures: figures(0), sparkline: [null, null] })).toBeNull()
})

test('calls of the minute that is still filling are told', () => {
  expect(told({ figures: figures(3), sparkline: [null, null] })).toEqual(figures(3))
  expect(told({ figures: figures(0), sparkline: [] })).toEqual(figures(0))
})
