// The REST API's own page: from the document to an answer.
import { dark, expect, shot, signIn, test } from './vedette'

test('an operation is found, read, and asked', async ({ page }) => {
  await signIn(page, undefined, '/api/docs')
  await expect(page.getByRole('heading', { name: 'REST API' })).toBeVisible()
  const index = page.getByRole('navigation', { name: 'Operations' })
  await expect(index.getByRole('link').nth(30)).toBeVisible()
  await page.getByLabel('Search the operations').fill('api-clients secret')
  await expect(index.getByRole('link')).not.toHaveCount(0)
  await shot(page, 'api-docs-search')
  await page.getByLabel('Clear').click()

  await index.getByRole('link', { name: /GET \/applications$/ }).click()
  await expect(page).toHaveURL(/operation=get_applications/)
  const operation = page.getByRole('article', { name: 'GET /api/v1/applications' })
  await operation.getByLabel('Value of limit').fill('2')
  await expect(operation.getByText('limit=2').first()).toBeVisible()
  await operation.getByRole('button', { name: 'Fields of items' }).click()
  await operation.getByRole('button', { name: 'Send' }).click()
  await expect(operation.getByRole('status')).toContainText('200 in')
  await shot(page, 'api-docs')
  await dark(page)
  await shot(page, 'api-docs-dark')

  await page.goto('/api/docs?operation=post_api_clients')
  await expect(page.getByRole('region', { name: 'Body' })).toContainText('nightly-report')
  await expect(page.getByRole('button', { name: 'Send' })).toHaveCount(0)
  await shot(page, 'api-docs-write')
})
