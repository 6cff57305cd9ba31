// The rules of WCAG 2 A and AA that a program can check, asked in light and in dark.
import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from '@playwright/test'
import { dark, expect, still } from './vedette'

type RunOnly = { type: 'tag' | 'rule'; values: string[] }

const RULES: RunOnly = { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'] }
/** The only one that another colour scheme can break. */
export const COLOURS: RunOnly = { type: 'rule', values: ['color-contrast'] }

export async function violationsOf(page: Page, where: string, runOnly: RunOnly = RULES): Promise<string[]> {
  // There is no frame within a page of ours: all is asked in the page itself.
  const { violations } = await new AxeBuilder({ page }).options({ runOnly, resultTypes: ['violations'] }).setLegacyMode(true).analyze()
  return violations.flatMap((v) => v.nodes.map((node) => `${where}: ${v.id} at ${node.target.join(' ')}: ${node.failureSummary}`))
}

export async function expectNoViolation(page: Page, where: string): Promise<void> {
  const light = await violationsOf(page, `${where}, light`)
  await dark(page)
  // Colours fade over; a colour half-way is nobody's choice.
  await still(page)
  expect([...light, ...(await violationsOf(page, `${where}, dark`, COLOURS))]).toEqual([])
}
