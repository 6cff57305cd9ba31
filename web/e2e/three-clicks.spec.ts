// From "something is slow" to the slowest statement in three clicks, each of them a link.
import type { Locator } from '@playwright/test'
import { expect, onMock, shot, signIn, test } from './vedette'

test.skip(!onMock, 'knows what is slow')

/** Follows a link that has an address of its own. */
async function follow(link: Locator): Promise<void> {
  await expect(link).toHaveAttribute('href', /^\/applications/)
  await link.click()
}

test('three links lead from the list of applications to the slowest statement', async ({ page }) => {
  await signIn(page)
  const applications = page.getByRole('table', { name: 'Applications' })
  await follow(applications.getByRole('link', { name: 'shop-production', exact: true }))
  // The overview's busiest business transactions, the slow one among them.
  const transactions = page.getByRole('table', { name: 'Business transactions' })
  await follow(transactions.getByRole('row', { name: /POST \/checkout/ }).getByRole('link', { name: /^Where the time goes/ }))
  await expect(page).toHaveURL(/tab=operations/)
  const operations = page.getByRole('table', { name: 'Slowest operations' })
  await follow(operations.getByRole('row', { name: /shop-db/ }).getByRole('link', { name: /shop-db/ }).first())
  const statements = page.getByRole('table', { name: 'Statements' })
  await expect(statements.getByRole('row').nth(1)).toContainText('SELECT id, name, price FROM products')
  await shot(page, 'three-clicks')
})
