// No page may break a rule of WCAG 2 A or AA that a program can check, in light and in dark; and the map is usable by keyboard.
import { expectNoViolation as expectNone, violationsOf } from './rules'
import { expect, onMock, openApplication, signIn, still, test } from './vedette'

const TABS = ['Overview', 'Flow map', 'Business transactions', 'Tiers & nodes', 'Backends', 'Errors', 'Snapshots', 'Metrics', 'Logs']

for (const tab of TABS) {
  test(`${tab} breaks no rule`, async ({ page }) => {
    await signIn(page)
    await openApplication(page)
    await page.getByRole('navigation', { name: /Pages of/ }).getByRole('link', { name: tab }).click()
    await expect(page.locator('[data-state="loading"]')).toHaveCount(0)
    await expect(page.getByRole('heading', { level: 1 })).toContainText(tab)
    await expectNone(page, tab)
  })
}

test('sign-in breaks no rule', async ({ page }) => {
  await page.goto('/sign-in')
  await expect(page.getByText('SHA-256 fingerprint')).toBeVisible()
  expect(await violationsOf(page, 'sign-in, light')).toEqual([])
  await page.emulateMedia({ colorScheme: 'dark' })
  expect(await violationsOf(page, 'sign-in, dark')).toEqual([])
})

test('the applications, the menus of the header and the page to connect break no rule', async ({ page }) => {
  await signIn(page)
  await expect(page.getByRole('table', { name: 'Applications' })).toBeVisible()
  await expectNone(page, 'applications')
  for (const name of [/^Application: /, /^Time range: /, /^User menu/]) {
    await page.getByRole('button', { name }).click()
    await still(page)
    expect(await violationsOf(page, String(name))).toEqual([])
    await page.keyboard.press('Escape')
  }
  await page.getByRole('link', { name: 'Connect an agent' }).click()
  await expect(page.getByText('OTEL_EXPORTER_OTLP_ENDPOINT=')).toBeVisible()
  expect(await violationsOf(page, 'connect')).toEqual([])
})

test('the REST API’s page breaks no rule', async ({ page }) => {
  await signIn(page, undefined, '/api/docs?operation=get_spans')
  await expect(page.getByRole('table', { name: 'Parameters' })).toBeVisible()
  await expectNone(page, 'REST API')
})

test('a business transaction, its map and a trace break no rule', async ({ page }) => {
  await signIn(page)
  await openApplication(page)
  await page.getByRole('link', { name: 'Business transactions' }).click()
  await page.getByRole('table', { name: 'Business transactions' }).getByRole('link').first().click()
  await expect(page.locator('canvas')).toHaveCount(4)
  await page.getByText('All traces (24 h)').click()
  const trace = page.getByRole('table', { name: 'Snapshots' }).getByRole('link').first()
  await expect(trace).toBeVisible()
  expect(await violationsOf(page, 'business transaction')).toEqual([])
  await trace.click()
  await expect(page.getByRole('complementary', { name: /^Span/ })).toBeVisible()
  await expectNone(page, 'trace')
})

test('a map with something selected, and as a table, breaks no rule', async ({ page }) => {
  await signIn(page)
  await openApplication(page)
  await page.getByRole('link', { name: 'Flow map' }).click()
  await page.locator('.react-flow__node').first().click()
  await expect(page.getByRole('complementary', { name: /Figures of/ }).locator('canvas')).toHaveCount(3)
  await still(page)
  await expectNone(page, 'map with a selection')
  await page.getByText('Table', { exact: true }).click()
  await expect(page.getByRole('table', { name: 'Calls of the flow map' })).toBeVisible()
  expect(await violationsOf(page, 'map as a table, dark')).toEqual([])
})

for (const [user, path, state] of [['empty', '/applications', 'empty'], ['broken', '/applications/1', 'failed'], ['partial', '/applications/1', 'partial']] as const) {
  test(`what is ${state} breaks no rule`, async ({ page, request }) => {
    test.skip(!onMock, 'needs the mock’s states')
    if (user === 'empty') await request.post('/mock/first-span', { data: { seen: false } })
    await signIn(page, user, path)
    await expect(page.locator(`[data-state="${state}"]`).first()).toBeVisible()
    await still(page)
    await expectNone(page, state)
  })
}

test('the map is usable by keyboard', async ({ page }) => {
  await signIn(page)
  await openApplication(page)
  await page.getByRole('link', { name: 'Flow map' }).click()
  // The overview has a map of its own.
  await expect(page.getByRole('table', { name: 'Business transactions' })).toHaveCount(0)
  const node = page.locator('.react-flow__node').first()
  await node.focus()
  await page.keyboard.press('Enter')
  const panel = page.getByRole('complementary', { name: /Figures of/ })
  await expect(panel).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(panel).toHaveCount(0)
  await still(page)
  await expect(node).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(panel).toBeVisible()
  // Escape closes it wherever the focus is by now.
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur())
  await page.keyboard.press('Escape')
  await expect(panel).toHaveCount(0)
  // The focus is back on the entity, whether it was lost to a drawing of the map or stood in the panel.
  await expect(node).toBeFocused()
  await page.keyboard.press('Enter')
  await panel.getByRole('button', { name: 'Close' }).press('Enter')
  await expect(panel).toHaveCount(0)
  await expect(node).toBeFocused()
  // No call is read out by numbers.
  await expect(page.getByRole('img', { name: /^Edge from/ })).toHaveCount(0)
  const call = page.getByRole('button', { name: /→/ }).first()
  await call.focus()
  await page.keyboard.press('Enter')
  await expect(panel).toContainText('Response time, average')
  await panel.getByRole('button', { name: 'Close' }).press('Enter')
  await page.getByText('Table', { exact: true }).click()
  await page.getByRole('table', { name: 'Entities of the flow map' }).getByRole('button').nth(12).press('Enter')
  await expect(panel).toBeVisible()
})
