// The pages of single entities: a business transaction's response times and differences, tiers, nodes, backends, errors,
// and all applications on one map.
import type { Page } from '@playwright/test'
import { violationsOf } from './rules'
import { dark, expect, onMock, shot, signIn, test } from './vedette'

test.skip(!onMock, 'needs the mock’s data')

async function sound(page: Page, name: string): Promise<void> {
  await expect(page.locator('[data-state="loading"]')).toHaveCount(0)
  await page.waitForTimeout(400)
  const height = await page.evaluate(() => Math.max(...[...document.querySelectorAll('main, body')].map((e) => e.scrollHeight)))
  await page.setViewportSize({ width: 1280, height: Math.min(2600, Math.max(800, height + 60)) })
  await page.waitForTimeout(300)
  await shot(page, name)
  const light = await violationsOf(page, `${name}, light`)
  await dark(page)
  await page.waitForTimeout(400)
  await shot(page, `${name}-dark`)
  expect([...light, ...(await violationsOf(page, `${name}, dark`))]).toEqual([])
  await page.getByRole('button', { name: 'Switch to light' }).click()
}

test('a cell of the heat map leads to the traces of its time and duration', async ({ page }) => {
  await signIn(page, 'admin', '/applications/1/business-transactions/105')
  const map = page.getByRole('figure', { name: /^Response times over time/ })
  await expect(map).toBeVisible()
  await expect(page.getByLabel('Percentiles')).toContainText('99th percentile')
  await sound(page, 'bt-heat-map')
  const canvas = map.locator('canvas')
  const box = await canvas.boundingBox()
  if (!box) throw new Error('no canvas')
  // Somewhere near the mean there are calls in every minute that reported.
  await expect(async () => {
    await page.mouse.move(box.x + box.width * (0.3 + Math.random() * 0.4), box.y + box.height * 0.5)
    await expect(map).toContainText(/calls? of .* to .* from/, { timeout: 300 })
  }).toPass()
  await page.mouse.down()
  await page.mouse.up()
  await expect(page).toHaveURL(/from=\d+&to=\d+.*traces=all.*min=[\d.]+&max=[\d.]+/)
  await expect(page.getByRole('button', { name: 'Show longer ones too' })).toBeVisible()
})

test('what the heat map shows is a table for the keyboard', async ({ page }) => {
  await signIn(page, 'admin', '/applications/1/business-transactions/105?times=table')
  const table = page.getByRole('table', { name: 'Response times over time' })
  await expect(table.getByRole('row').nth(1)).toContainText(/\d m?s/)
  await sound(page, 'bt-heat-map-table')
  await table.getByRole('link').first().press('Enter')
  await expect(page).toHaveURL(/max=/)
})

test('slow and normal are compared, and too few are not', async ({ page }) => {
  await signIn(page, 'admin', '/applications/1/business-transactions/105?tab=differences')
  await expect(page.getByText(/looked at 40 slow traces/)).toBeVisible()
  await expect(page.getByRole('table', { name: 'Operations that differ' }).getByRole('row').nth(1)).toContainText('payments')
  await expect(page.getByRole('table', { name: 'Attributes that differ' })).toContainText('service.version')
  await sound(page, 'bt-differences')
  await page.goto('/applications/1/business-transactions/108?tab=differences')
  await expect(page.getByText('Too few traces to compare')).toBeVisible()
})

test('a transaction tells its slowest operations and its errors', async ({ page }) => {
  await signIn(page, 'admin', '/applications/1/business-transactions/105?tab=operations')
  const operations = page.getByRole('table', { name: 'Slowest operations' })
  await expect(operations.getByRole('row').nth(1)).toContainText(/orders|payments|fulfilment/)
  await sound(page, 'bt-operations')
  await page.getByRole('tab', { name: /^Errors/ }).click()
  await expect(page.getByRole('table', { name: 'Errors' })).toContainText('PaymentUnavailable')
  await sound(page, 'bt-errors')
})

test('an error has its stacks, and they lead to traces', async ({ page }) => {
  await signIn(page, 'admin', '/applications/1/errors')
  const table = page.getByRole('table', { name: 'Errors' })
  await expect(table).toContainText('and 1 more')
  await sound(page, 'errors')
  await table.getByRole('link', { name: 'PaymentUnavailable' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'PaymentUnavailable' })).toBeVisible()
  await expect(page.getByLabel('Stack', { exact: true }).first()).toContainText('provider.py')
  await expect(page.locator('figure canvas')).toHaveCount(1)
  await sound(page, 'error')
  await page.getByRole('link', { name: 'Open the trace' }).first().click()
  await expect(page).toHaveURL(/traces\/[0-9a-f]{32}/)
})

test('a tier has its nodes, those that are gone on request, and its neighbours', async ({ page }) => {
  await signIn(page, 'admin', '/applications/1/tiers')
  await page.getByRole('table', { name: 'Tiers' }).getByRole('link', { name: 'orders' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'orders' })).toBeVisible()
  const nodes = page.getByRole('table', { name: 'Nodes' })
  await expect(nodes.getByRole('row')).toHaveCount(3)
  await page.getByText('Also historical').click()
  await expect(nodes.getByRole('row')).toHaveCount(4)
  await expect(nodes).toContainText('historical')
  await sound(page, 'tier')
  await page.getByRole('tab', { name: 'Flow map' }).click()
  await expect(page.locator('.react-flow__node')).toHaveCount(5)
  await sound(page, 'tier-flow-map')
  await page.getByRole('tab', { name: 'Nodes' }).click()
  await page.getByRole('link', { name: 'orders-7d9f-1' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'orders-7d9f-1' })).toBeVisible()
})

test('a node shows its runtime and host, its restarts, and what it does not report', async ({ page }) => {
  await signIn(page, 'admin', '/applications/1/nodes/1300')
  await expect(page.getByRole('figure', { name: /^Event loop \(%\)/ })).toBeVisible()
  await expect(page.getByText('1 restart in this range')).toBeVisible()
  await expect(page.getByRole('table', { name: 'Metrics of the node' })).toContainText('Event Loop')
  await sound(page, 'node')
  await page.goto('/applications/1/nodes/1400')
  await expect(page.getByRole('region', { name: 'Not reported' })).toContainText('Garbage collection')
})

test('a backend has callers, transactions and statements', async ({ page }) => {
  await signIn(page, 'admin', '/applications/1/backends')
  await page.getByRole('table', { name: 'Backends' }).getByRole('link', { name: 'shop-db:3306/shop' }).click()
  await expect(page.getByRole('table', { name: 'Callers' })).toContainText('catalog')
  await expect(page.getByRole('table', { name: 'Business transactions that call it' })).toContainText('POST /checkout')
  await sound(page, 'backend')
  await page.getByRole('tab', { name: /^Statements/ }).click()
  await expect(page.getByRole('table', { name: 'Statements' })).toContainText('SELECT quantity FROM stock')
  await expect(page.getByText(/a sample: .* calls in 64 traces/)).toBeVisible()
  await sound(page, 'backend-statements')
})

test('all applications are on one map', async ({ page }) => {
  await signIn(page, 'admin', '/applications')
  await page.getByRole('link', { name: 'All on one map' }).click()
  await expect(page.locator('.react-flow__node')).toHaveCount(3)
  await sound(page, 'application-map')
  await page.locator('.react-flow__node').first().click()
  await page.getByRole('link', { name: 'Open the application' }).click()
  await expect(page).toHaveURL(/applications\/\d+(\?|$)/)
})

test('the map shows only what fails or is busy, and nothing moves', async ({ page }) => {
  await signIn(page, 'admin', '/applications/1/flow-map')
  const nodes = page.locator('.react-flow__node')
  await expect(nodes).toHaveCount(12)
  await page.waitForTimeout(500)
  const places = () => nodes.evaluateAll((all) => Object.fromEntries(all.map((n) => [(n as HTMLElement).dataset.id, (n as HTMLElement).style.transform])))
  const before = await places()
  await page.getByRole('combobox', { name: 'Least calls per minute' }).click()
  await page.getByRole('option', { name: '≥ 100 calls/min' }).click()
  await expect(page).toHaveURL(/min-calls=100/)
  await expect.poll(() => nodes.count()).toBeLessThan(9)
  expect(before).toMatchObject(await places())
  await page.getByText('Only failing').click()
  await expect(page).toHaveURL(/failing=only/)
  await sound(page, 'flow-map-filtered')
  await page.goto('/applications/1/flow-map?min-calls=100000')
  await expect(page.getByText('No call passes the filter')).toBeVisible()
})

test('a map is compared with an earlier one, call by call', async ({ page }) => {
  await signIn(page, 'admin', '/applications/1/flow-map')
  await page.getByText('Changes', { exact: true }).click()
  const table = page.getByRole('table', { name: 'What changed' })
  await expect(table.getByRole('row')).toHaveCount(15)
  await page.getByRole('combobox', { name: 'Compare with' }).click()
  const asked = page.waitForRequest((request) => request.url().includes('/flow-map?') && Date.now() - Number(new URL(request.url()).searchParams.get('to')) > 23 * 3_600_000)
  await page.getByRole('option', { name: 'the same a day before' }).click()
  await asked
  await expect(page).toHaveURL(/view=changes.*compare=1|compare=1.*view=changes/)
  await expect(table.getByRole('row').nth(1)).toContainText(/as before|calls|slower|faster|errors/)
  await sound(page, 'flow-map-changes')
})
