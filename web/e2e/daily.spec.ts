// An operator's day against a real server, as tests/e2e/daily.py runs it: it sends the traffic and reads the mail.
import type { Page } from '@playwright/test'
import { expect, shot, signIn, still, test } from './vedette'

const RULE = process.env.VEDETTE_DAILY ?? ''
const MINUTE = 60_000

test.skip(RULE === '', 'tests/e2e/daily.py runs it, with the traffic that it needs')
test.setTimeout(15 * MINUTE)

async function transaction(page: Page): Promise<void> {
  await page.getByRole('link', { name: 'shop', exact: true }).click()
  await page.getByRole('navigation', { name: /Pages of/ }).getByRole('link', { name: 'Business transactions' }).click()
  await page.getByRole('link', { name: 'GET /product/:id', exact: true }).click()
}

test('a rule is made from a chart, violated, silenced, and recovers', async ({ page }) => {
  await signIn(page)
  await transaction(page)
  await page.getByRole('link', { name: 'Make a health rule from the errors' }).click()

  const form = page.getByRole('form', { name: 'Health rule' })
  await form.getByRole('textbox', { name: 'Name', exact: true }).fill(RULE)
  await form.getByLabel('Looks at the last (minutes)').fill('1')
  await form.getByLabel('Says it again after (minutes)').fill('1')
  const condition = form.getByRole('group', { name: 'Condition A, critical' })
  await condition.getByLabel('Compared with').selectOption('VALUE')
  await condition.getByLabel('Value (per minute)').fill('5')
  const warning = page.getByRole('switch', { name: 'Warning is a level of this rule' })
  if (await warning.isChecked()) await warning.click({ force: true })
  await expect(page.getByRole('region', { name: 'Matches now' })).toContainText('1 entity')
  await expect(page.getByRole('region', { name: 'In words' })).toContainText('The business transaction GET /product/:id is judged each minute by its last 1 minute: critical when Errors per Minute is above 5.')
  const backTest = page.getByRole('region', { name: 'Back-test' })
  await backTest.getByRole('button', { name: 'Back-test' }).click()
  await expect(backTest).toContainText('It would have found nothing')
  await shot(page, 'daily-1-rule')
  await page.getByRole('button', { name: 'Save' }).click()

  // From here on requests fail.
  await page.getByRole('banner').getByRole('link', { name: 'Violations' }).click()
  const violated = page.getByRole('link', { name: `${RULE} by GET /product/:id` })
  await expect(violated).toBeVisible({ timeout: 5 * MINUTE })
  await violated.click()
  const decided = page.getByRole('region', { name: /^What decided: / })
  await expect(decided.getByRole('table', { name: 'Conditions' })).toContainText('at most 5 per minute')
  await expect(page.getByRole('region', { name: 'Over time' }).locator('canvas')).toHaveCount(1)
  await expect(page.getByRole('region', { name: 'Notices' })).toContainText('delivered', { timeout: MINUTE })
  await still(page)
  await shot(page, 'daily-2-violation')
  const url = page.url()

  await page.goto('/alerting/suppressions/new')
  await page.getByLabel('Name', { exact: false }).first().fill('It is being mended')
  const from = page.getByLabel('From')
  // The window that is offered begins with the next full hour; this one begins with the minute at hand.
  await from.fill(await page.evaluate(() => new Date(Date.now() - new Date().getTimezoneOffset() * 60_000).toISOString().slice(0, 16)))
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByRole('row', { name: /It is being mended/ })).toBeVisible()
  await shot(page, 'daily-3-silenced')

  // From here on they succeed again, once another minute of it was not told.
  await page.goto(url)
  await expect(page.getByRole('button', { name: /^Resolved, was critical/ })).toBeVisible({ timeout: 8 * MINUTE })
  await expect(page.getByText('Resolved', { exact: true }).first()).toBeVisible()
  await still(page)
  await shot(page, 'daily-4-recovered')
  await page.goto('/applications')
  await transaction(page)
  await expect(page.getByRole('figure', { name: /^Errors:/ })).toBeVisible()
})
