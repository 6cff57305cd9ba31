// The rules of WCAG 2 A and AA that a program can check, asked in light and in dark.
import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from '@playwright/test'
import { dark, expect } from './vedette'

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']

export async function violationsOf(page: Page, where: string): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).withTags(RULES).analyze()
  return violations.flatMap((v) => v.nodes.map((node) => `${where}: ${v.id} at ${node.target.join(' ')}: ${node.failureSummary}`))
}

export async function expectNoViolation(page: Page, where: string): Promise<void> {
  const light = await violationsOf(page, `${where}, light`)
  await dark(page)
  // Colours fade over; a colour half-way is nobody's choice.
  await page.waitForTimeout(300)
  expect([...light, ...(await violationsOf(page, `${where}, dark`))]).toEqual([])
}
