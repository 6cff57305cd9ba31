// Users, groups, roles, sessions, the audit log, one's own profile, and what somebody without a permission sees.
import type { Page } from '@playwright/test'
import { expectNoViolation, violationsOf } from './rules'
import { expect, onMock, shot, signIn, test } from './vedette'

test.skip(!onMock, 'changes who may do what')

async function settled(page: Page): Promise<void> {
  await expect(page.locator('[data-state="loading"]')).toHaveCount(0)
}

test('a user is made, given a role, unlocked and deleted', async ({ page }) => {
  await signIn(page, undefined, '/administration/users')
  await expect(page.getByRole('row', { name: /grace/ })).toContainText('Locked: wrong passwords')
  await shot(page, 'access-users')
  await page.getByRole('link', { name: 'New user' }).click()
  const name = `user${Date.now()}`
  await page.getByLabel('User name').fill(name)
  await page.getByLabel('First password').fill('short')
  await expect(page.getByText('At least 12 characters.')).toBeVisible()
  await expect(page.getByRole('button', { name: 'Make the user' })).toBeDisabled()
  await page.getByLabel('First password').fill('three wise otters')
  await page.getByLabel('Operator').check()
  await shot(page, 'access-user-new')
  expect(await violationsOf(page, 'new user')).toEqual([])
  await page.getByRole('button', { name: 'Make the user' }).click()
  const row = page.getByRole('row', { name: new RegExp(name) })
  await expect(row).toContainText('Operator')
  await expect(row).toContainText('New password due')

  await page.getByRole('link', { name: 'grace' }).click()
  await page.getByRole('button', { name: 'Unlock' }).click()
  await expect(page.getByRole('button', { name: 'Unlock' })).toHaveCount(0)
  await page.getByRole('link', { name: 'Users' }).click()
  await page.getByRole('link', { name }).click()
  await page.getByRole('button', { name: `Delete ${name}` }).click()
  await page.getByRole('button', { name: 'Delete', exact: true }).click()
  await expect(page).toHaveURL(/administration\/users(\?|$)/)
  await expect(row).toHaveCount(0)
})

test('a role is made of permissions over the account and over one application', async ({ page }) => {
  await signIn(page, undefined, '/administration/roles')
  await page.getByRole('link', { name: 'New role' }).click()
  const name = `role ${Date.now()}`
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill(name)
  await page.getByLabel('view audit over All of the account').check()
  await page.getByLabel('Add permissions over one application').selectOption({ label: 'shop-production' })
  await page.getByLabel('configure over shop-production').check()
  await expect(page.getByLabel('view over shop-production')).toBeChecked()
  await expect(page.getByLabel('administer users over shop-production')).toHaveCount(0)
  await shot(page, 'access-role')
  expect(await violationsOf(page, 'new role')).toEqual([])
  await page.getByRole('button', { name: 'Make the role' }).click()
  const row = page.getByRole('row', { name: new RegExp(name) })
  await expect(row).toContainText('view audit')
  await expect(row).toContainText('1 application')
  await page.getByRole('link', { name: 'Account Owner' }).click()
  await expect(page.getByText('it can be neither changed nor deleted')).toBeVisible()
  await expect(page.getByLabel('view over All of the account')).toBeDisabled()
  await expect(page.getByRole('button', { name: 'Save' })).toHaveCount(0)
})

test('a group gets users and roles', async ({ page }) => {
  await signIn(page, undefined, '/administration/groups')
  await page.getByRole('link', { name: 'Shop team' }).click()
  await page.getByLabel('grace').check()
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByRole('row', { name: /Shop team/ })).toContainText('2 users')
})

test('a session of somebody else is ended', async ({ page }) => {
  await signIn(page, undefined, '/administration/sessions')
  await expect(page.getByRole('row', { name: /This browser/ })).toBeVisible()
  await page.getByRole('button', { name: /End the session of ada/ }).click()
  await page.getByRole('button', { name: 'End', exact: true }).click()
  await expect(page.getByRole('row', { name: /ada/ })).toHaveCount(0)
})

test('the audit log is filtered by a link and shows what was changed', async ({ page }) => {
  await signIn(page, undefined, '/administration/audit?range=last-3h')
  await settled(page)
  await page.getByLabel('What was done').fill('failed sign-in')
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(/action=failed/)
  await expect(page.getByRole('row', { name: /not signed in/ })).toBeVisible()
  await page.goto('/administration/audit?range=last-3h&q=shop+keeper')
  await page.getByText('Before and after').first().click()
  await expect(page.getByLabel('After').first()).toContainText('configure')
  await expect(page.getByRole('link', { name: 'CSV' })).toHaveAttribute('href', /audit\/export\?q=shop\+keeper&format=csv/)
  await shot(page, 'access-audit')
  expect(await violationsOf(page, 'audit log with states')).toEqual([])
})

test('who lacks a permission is told which, and who can grant it', async ({ page }) => {
  await signIn(page, 'viewer', '/administration/audit')
  await expect(page.getByRole('heading', { name: 'You may not see the audit log' })).toBeVisible()
  await expect(page.getByText(/lack the permission view-audit over the account.*granted by admin/)).toBeVisible()
  await shot(page, 'access-forbidden')
  expect(await violationsOf(page, 'a refused page')).toEqual([])
  await expect(page.getByRole('link', { name: 'Connect an agent' })).toHaveCount(0)
  await page.getByRole('button', { name: /^User menu/ }).click()
  await expect(page.getByRole('menuitem', { name: 'Your profile' })).toBeVisible()
  await expect(page.getByRole('menuitem', { name: 'Administration' })).toHaveCount(0)
})

/** Of each page, by what it is changed: a button, a link, a box to tick; or what then is there and cannot be used. */
const CHANGES = [
  ['/applications/1', 'switch', 'With background work', 'disabled'],
  ['/applications/1/flow-map', 'button', 'Layouts of the map', 'hidden'],
  ['/applications/1/business-transactions', 'checkbox', 'Tick GET /cart', 'hidden'],
  ['/applications/1/business-transactions/105', 'combobox', /key figures/, 'disabled'],
  ['/applications/1/business-transactions/105', 'combobox', /count in response times/, 'disabled'],
  ['/applications/1/business-transactions/109?tab=waiting', 'button', 'Promote GET /wishlist', 'hidden'],
  ['/applications/1/events', 'button', 'Post an event', 'hidden'],
  ['/applications/1/baselines', 'button', 'Add a baseline', 'hidden'],
  ['/alerting/policies', 'link', 'Make a policy', 'hidden'],
  ['/alerting/policies/new', 'button', 'Save', 'hidden'],
  ['/alerting/actions', 'button', /^Send a test by/, 'hidden'],
  ['/alerting/suppressions', 'link', 'Make a suppression', 'hidden'],
] as const

test('who may only look is shown nothing to change, and asks for nothing that is refused', async ({ page }) => {
  test.slow()
  const refused: string[] = []
  page.on('response', (r) => r.status() === 403 && refused.push(`${r.request().method()} ${new URL(r.url()).pathname}`))
  for (const who of ['admin', 'viewer']) {
    await page.context().clearCookies()
    for (const [path, role, name, otherwise] of CHANGES) {
      await signIn(page, who, path)
      await expect(page.getByRole('heading', { level: 1 }).first()).toBeAttached()
      await settled(page)
      const found = page.getByRole(role, { name }).first()
      if (who === 'admin') await expect(found, path).toBeEnabled()
      else if (otherwise === 'disabled') await expect(found, path).toBeDisabled()
      else await expect(found, path).toHaveCount(0)
    }
  }
  expect(refused).toEqual([])
})

test('a password that somebody else set is changed before anything else', async ({ page }) => {
  await signIn(page, 'newcomer')
  await expect(page.getByRole('region', { name: 'Choose a new password' })).toBeVisible()
  await shot(page, 'access-new-password')
  expect(await violationsOf(page, 'a new password')).toEqual([])
  await page.getByLabel('Current password').fill('mock')
  await page.getByLabel('New password', { exact: true }).fill('three wise otters')
  await page.getByLabel('New password again').fill('three wise otters')
  await page.getByRole('button', { name: 'Change the password' }).click()
  await expect(page.getByRole('table', { name: 'Applications' })).toBeVisible()
})

for (const [path, heading] of [
  ['/administration/users', 'Users'],
  ['/administration/users/2', 'Password, lock and sessions'],
  ['/administration/groups', 'Groups'],
  ['/administration/roles', 'Roles'],
  ['/administration/sessions', 'Sessions'],
  ['/administration/audit', 'Audit log'],
  ['/profile', 'Your sessions'],
] as const) {
  test(`${path} is accessible in both themes`, async ({ page }) => {
    await signIn(page, undefined, path)
    await expect(page.getByRole('region', { name: heading, exact: true })).toBeVisible()
    await settled(page)
    await expectNoViolation(page, path)
    await shot(page, `access${path.replaceAll('/', '-')}-dark`)
  })
}
