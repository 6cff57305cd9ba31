// Who is told of what: policies, actions, suppressions, deliveries, and the mail server.
import type { Page } from '@playwright/test'
import { expectNoViolation, violationsOf } from './rules'
import { expect, onMock, shot, signIn, test } from './vedette'

async function at(page: Page, path: string): Promise<void> {
  await signIn(page, undefined, `/alerting/${path}`)
  await expect(page.locator('[data-state="loading"]')).toHaveCount(0)
}

test('a policy says what it would have taken, is made and deleted', async ({ page }) => {
  await at(page, 'policies')
  const asked = page.waitForRequest(/policies\/preview$/)
  await page.getByRole('link', { name: 'Make a policy' }).click()
  // The server takes no policy without a name, and this one has none yet.
  expect((await asked).postDataJSON().name).not.toBe('')
  const matched = page.getByRole('region', { name: 'Would have matched' })
  await expect(matched).toBeVisible()
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByText('Give it a name')).toBeVisible()
  const name = `night shift ${Date.now()}`
  await page.getByLabel('Name', { exact: false }).first().fill(name)
  const crashes = page.getByRole('checkbox', { name: 'Stall' })
  await crashes.check()
  if (onMock) await expect(matched).toContainText('POST /checkout took 46 s')
  await expect(page.getByLabel('Text of the notice')).toContainText('Open in Vedette')
  await shot(page, 'alerting-policy')
  await expectNoViolation(page, 'policy editor')
  await shot(page, 'alerting-policy-dark')
  await page.getByRole('button', { name: 'Save' }).click()
  const row = page.getByRole('row', { name: new RegExp(name) })
  await expect(row).toContainText('2 types of events')
  await row.getByRole('button', { name: `Delete ${name}` }).click()
  await page.getByRole('button', { name: 'Delete', exact: true }).last().click()
  await expect(row).toHaveCount(0)
})

test('an action keeps its secret and shows what it sends', async ({ page }) => {
  await at(page, 'actions')
  await page.getByRole('link', { name: 'Make an action' }).click()
  const name = `chat ${Date.now()}`
  await page.getByLabel('Name', { exact: false }).first().fill(name)
  await page.getByText('HTTP request', { exact: true }).click()
  await page.getByRole('combobox', { name: 'Made from' }).click()
  await page.getByRole('option', { name: 'Slack' }).click()
  await page.getByLabel('URL of the incoming webhook').fill('https://hooks.example.com/services/planted')
  await expect(page.getByRole('region', { name: 'What is sent' })).toContainText('•••')
  await expect(page.getByRole('region', { name: 'What is sent' })).not.toContainText('planted')
  await shot(page, 'alerting-action')
  await expectNoViolation(page, 'action editor')
  await shot(page, 'alerting-action-dark')
  await page.getByRole('button', { name: 'Save' }).click()
  const row = page.getByRole('row', { name: new RegExp(name) })
  await expect(row).toContainText('nobody')
  if (onMock) {
    await row.getByRole('button', { name: `Send a test by ${name}` }).click()
    await expect(page.getByRole('status').filter({ hasText: `Test of ${name} arrived` })).toContainText('HTTP 200 OK')
  }
  await shot(page, 'alerting-actions')
  await row.getByRole('link', { name }).click()
  await expect(page.getByPlaceholder('stored; write to replace it')).toHaveValue('')
  await page.goBack()
  await row.getByRole('button', { name: `Delete ${name}` }).click()
  await page.getByRole('button', { name: 'Delete', exact: true }).last().click()
  await expect(row).toHaveCount(0)
})

test('a suppression is made and drawn', async ({ page }) => {
  await at(page, 'suppressions/new')
  const name = `weekend ${Date.now()}`
  await page.getByLabel('Name', { exact: false }).first().fill(name)
  await expect(page.getByLabel('From')).toHaveAccessibleDescription(/^Time of \S+/)
  await page.getByRole('combobox', { name: 'Only violations of these health rules' }).fill('checkout is')
  await page.getByRole('option', { name: 'Checkout is slow' }).click()
  await page.getByText('Again and again', { exact: true }).click()
  await page.getByRole('combobox', { name: 'Time zone' }).fill('Mars')
  await expect(page.getByText('Pick a time zone, such as Europe/Berlin')).toBeVisible()
  await page.getByRole('checkbox', { name: 'Sat' }).check()
  await page.getByRole('combobox', { name: 'Time zone' }).fill('UTC')
  await shot(page, 'alerting-suppression')
  expect(await violationsOf(page, 'suppression editor')).toEqual([])
  await page.getByRole('button', { name: 'Save' }).click()
  const row = page.getByRole('row', { name: new RegExp(name) })
  await expect(row).toContainText('Sat, 22:00 to 06:00 (UTC)')
  await expect(page.getByRole('img', { name: new RegExp(name) })).toBeVisible()
  await shot(page, 'alerting-suppressions')
  await expectNoViolation(page, 'suppressions')
  await shot(page, 'alerting-suppressions-dark')
  await row.getByRole('button', { name: `Delete ${name}` }).click()
  await page.getByRole('button', { name: 'Delete', exact: true }).last().click()
  await expect(row).toHaveCount(0)
})

test('deliveries are filtered and tell what was answered', async ({ page }) => {
  test.skip(!onMock, 'the mock has deliveries of every state')
  await at(page, 'deliveries')
  const table = page.getByRole('table', { name: 'Deliveries' })
  await expect(table.getByRole('row')).toHaveCount(5)
  await page.getByRole('combobox', { name: 'State' }).click()
  await page.getByRole('option', { name: 'On its way' }).click()
  await expect(page).toHaveURL(/state=pending/)
  // Until the answer is there, those of before are shown.
  await expect(table.getByRole('row')).toHaveCount(2)
  await table.getByRole('button', { name: /Checkout is slow/ }).click()
  await expect(page.getByRole('list', { name: 'Attempts' })).toContainText('Greylisted, try again later')
  await shot(page, 'alerting-deliveries')
  await expectNoViolation(page, 'deliveries')
  await shot(page, 'alerting-deliveries-dark')
})

test('policies and actions break no rule, in light and dark', async ({ page }) => {
  await at(page, 'policies')
  await shot(page, 'alerting-policies')
  await expectNoViolation(page, 'policies')
  await shot(page, 'alerting-policies-dark')
})

test('without any there is a word about what to do', async ({ page }) => {
  test.skip(!onMock, 'the mock has a user whose account is empty')
  await signIn(page, 'empty', '/alerting/policies')
  await expect(page.getByText('No policy yet')).toBeVisible()
  await page.getByRole('navigation', { name: 'Pages of alerting' }).getByRole('link', { name: 'Deliveries' }).click()
  await expect(page.getByText('Nothing was told')).toBeVisible()
})

test('the mail server is set and tried', async ({ page }) => {
  test.skip(!onMock, 'a real server would send')
  await signIn(page, undefined, '/administration/notifications')
  await page.getByLabel('Host').fill('smtp.example.com')
  await page.getByRole('textbox', { name: 'User' }).fill('vedette')
  await page.getByLabel('Password', { exact: true }).fill('planted')
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByText('Give an address')).toBeVisible()
  await page.getByLabel('Sender').fill('Vedette <vedette@example.com>')
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByText('Saved')).toBeVisible()
  await page.getByRole('textbox', { name: 'To' }).fill('ops@example.com')
  await page.getByRole('button', { name: 'Send a test' }).click()
  await expect(page.getByText('The test did not arrive')).toBeVisible()
  await shot(page, 'administration-notifications')
  await expectNoViolation(page, 'notifications')
  await shot(page, 'administration-notifications-dark')
})
