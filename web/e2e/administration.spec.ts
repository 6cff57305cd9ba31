// What whoever runs Vedette does and sees: access keys, storage, limits, attempts, its own health.
import type { Page } from '@playwright/test'
import { expectNoViolation, violationsOf } from './rules'
import { expect, onMock, shot, signIn, test } from './vedette'

async function open(page: Page, tab: string): Promise<void> {
  await page.getByRole('navigation', { name: 'Pages of the administration' }).getByRole('link', { name: tab }).click()
  await expect(page.getByRole('heading', { level: 1, name: `Administration: ${tab}` })).toBeAttached()
  await expect(page.locator('[data-state="loading"]')).toHaveCount(0)
}

test('the administration is reached from the menu of the user', async ({ page }) => {
  await signIn(page)
  await page.getByRole('button', { name: /^User menu/ }).click()
  await page.getByRole('menuitem', { name: 'Administration' }).click()
  await expect(page).toHaveURL(/\/administration\/keys/)
  await expect(page.getByRole('table', { name: 'Access keys' })).toBeVisible()
})

test('a key is made, shown and disabled, after asking once more', async ({ page }) => {
  await signIn(page, undefined, '/administration/keys')
  const name = `night shift ${Date.now()}`
  await page.getByLabel('Name of a new key').fill(name)
  await page.getByRole('button', { name: 'Make a key' }).click()
  const row = page.getByRole('row', { name: new RegExp(name) })
  await expect(row.locator('code')).toContainText('•')
  await row.getByRole('button', { name: `Show the key ${name}` }).click()
  await expect(row.locator('code')).toContainText(/^vk_[\w-]{20,}$/)
  await row.getByRole('button', { name: `Disable the key ${name}` }).click()
  await expect(page.getByText('are refused from a few seconds on')).toBeVisible()
  await page.getByRole('button', { name: 'Cancel' }).click()
  await expect(row).not.toContainText('Disabled')
  await row.getByRole('button', { name: `Disable the key ${name}` }).click()
  await page.getByRole('button', { name: 'Disable', exact: true }).click()
  await expect(row).toContainText('Disabled: agents with it are refused')
})

test('an API client shows its secret once, gets another one and is removed', async ({ page }) => {
  await signIn(page, undefined, '/administration/clients')
  const name = `report-${Date.now()}`
  await page.getByLabel('Name of a new client').fill(name)
  await page.getByLabel('What it is for').fill('Exports figures')
  await page.getByRole('button', { name: 'Make a client' }).click()
  const secret = page.getByRole('status').filter({ hasText: `The secret of ${name}@` })
  await expect(secret.locator('code').first()).toContainText(/^vs_[\w-]{20,}$/)
  await shot(page, 'administration-clients')
  expect(await violationsOf(page, 'API clients')).toEqual([])
  await secret.getByRole('button', { name: 'I have kept it' }).click()
  await expect(secret).toHaveCount(0)
  const row = page.getByRole('row', { name: new RegExp(name) })
  await expect(row).toContainText('never')
  await row.getByRole('button', { name: `Replace the secret of ${name}` }).click()
  await page.getByRole('button', { name: 'Replace secret', exact: true }).click()
  await expect(secret).toBeVisible()
  await row.getByRole('button', { name: `Remove ${name}` }).click()
  await page.getByRole('button', { name: 'Remove', exact: true }).click()
  await expect(row).toHaveCount(0)
})

for (const [tab, table] of [
  ['Access keys', 'Access keys'],
  ['Storage & retention', 'Tables'],
  ['Limits', 'Limits'],
  ['Last attempts', 'Last attempts to report'],
  ['Health of Vedette', 'Background work'],
] as const) {
  test(`${tab} tells what it should and breaks no rule, in light and dark`, async ({ page }) => {
    await signIn(page, undefined, '/administration/keys')
    await open(page, tab)
    if (onMock || tab !== 'Last attempts') await expect(page.getByRole('table', { name: table })).toBeVisible()
    await shot(page, `administration-${tab.split(' ')[0]?.toLowerCase()}`)
    await expectNoViolation(page, tab)
    await shot(page, `administration-${tab.split(' ')[0]?.toLowerCase()}-dark`)
  })
}

test('a retention is made longer at once, and shorter only once what goes is seen and confirmed', async ({ page }) => {
  test.skip(!onMock, 'deletes data')
  await signIn(page, undefined, '/administration/storage')
  const table = page.getByRole('table', { name: 'Retentions' })
  const traces = table.getByRole('row', { name: /Every trace/ })
  await expect(traces).toContainText('1 day')
  await traces.getByRole('button', { name: 'Change retention-traces' }).click()
  const dialog = page.getByRole('region', { name: /^Change retention-/ })
  await dialog.getByLabel('Keep for').fill('3')
  await expect(dialog).toContainText('will take 11.2 GiB')
  await shot(page, 'retention-longer')
  await dialog.getByRole('button', { name: 'Keep for 3 days' }).click()
  await expect(traces).toContainText('set here; configured: 1 day')
  await table.getByRole('button', { name: 'Change retention-logs' }).click()
  await dialog.getByLabel('Keep for').fill('1')
  await expect(dialog).toContainText('This deletes data for good')
  await expect(dialog).toContainText(/logs: 12,000,000 rows/)
  await shot(page, 'retention-shorter')
  expect(await violationsOf(page, 'a shorter retention')).toEqual([])
  await dialog.getByRole('button', { name: /^Delete .* and keep for 1 day$/ }).click()
  await expect(table.getByRole('row', { name: /Log records/ })).toContainText('set here; configured: 8 days')
  await table.getByRole('button', { name: 'Change retention-logs' }).click()
  await dialog.getByLabel('Keep for').fill('0')
  await expect(dialog).toContainText('An hour at least')
  await dialog.getByRole('button', { name: /As configured/ }).click()
  await expect(table.getByRole('row', { name: /Log records/ })).toContainText('as configured')
  await expectNoViolation(page, 'storage with a retention of its own')
  await shot(page, 'retention-dark')
})
