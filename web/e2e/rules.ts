// The rules of WCAG 2 A and AA that a program can check, asked in light and in dark.
import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'
import type { Page } from '@playwright/test'
import type { AxeResults, ContextObject, RunOptions } from 'axe-core'
import { dark, expect, shot, still } from './vedette'

type RunOnly = { type: 'tag' | 'rule'; values: string[] }

const RULES: RunOnly = { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'] }
/** The only one that another colour scheme can break. */
export const COLOURS: RunOnly = { type: 'rule', values: ['color-contrast'] }
/** Rows of a table are made alike: what the first break the others do. A list of all costs ten times what the rest of a page does. */
const LOOKED_AT = { include: [['html']], exclude: [['tbody > tr:nth-child(n+31)']] }
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/**
 * What breaks a rule. axe is read by a document once, however often it is asked, and the style sheets are not parsed a second time for
 * rules that are none of these: with `@axe-core/playwright`, which does both each time, that is half of the work.
 */
export async function violationsOf(page: Page, where: string, runOnly: RunOnly = RULES): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(AXE)
  const options: RunOptions = { runOnly, resultTypes: ['violations'], preload: false }
  const violations = await page.evaluate(async ([what, how]) => {
    const { axe } = globalThis as unknown as { axe: { run(context: ContextObject, options: RunOptions): Promise<AxeResults> } }
    return (await axe.run(what, how)).violations
  }, [LOOKED_AT, options] as const)
  return violations.flatMap((v) => v.nodes.map((node) => `${where}: ${v.id} at ${node.target.join(' ')}: ${node.failureSummary}`))
}

/** In light and in dark; the page is dark then. */
export async function expectNoViolation(page: Page, where: string): Promise<void> {
  const light = await violationsOf(page, `${where}, light`)
  await dark(page)
  // Colours fade over; a colour half-way is nobody's choice.
  await still(page)
  expect([...light, ...(await violationsOf(page, `${where}, dark`, COLOURS))]).toEqual([])
}

/** Once all is loaded and nothing moves: no rule is broken in light nor in dark, and there is a picture of each. The page is light again then. */
export async function sound(page: Page, name: string): Promise<void> {
  await expect(page.locator('[data-state="loading"]')).toHaveCount(0)
  await still(page)
  await shot(page, name)
  await expectNoViolation(page, name)
  await shot(page, `${name}-dark`)
  await page.getByRole('button', { name: 'Switch to light' }).click()
}
