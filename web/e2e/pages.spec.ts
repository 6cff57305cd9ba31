// The way through the product: sign in, applications, flow map, a business transaction, a trace.
import { dark, expect, openApplication, shot, signIn, signInByForm, still, test } from './vedette'

test('a wrong password is refused with a sentence', async ({ page }) => {
  await page.goto('/')
  await expect(page).toHaveURL(/sign-in/)
  await expect(page.getByText('SHA-256 fingerprint')).toBeVisible()
  await expect(page.getByRole('link', { name: 'download the CA' })).toHaveAttribute('href', /ca\.pem$/)
  await page.getByLabel('User').fill('admin')
  await page.getByLabel('Password', { exact: true }).fill('wrong')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page.getByRole('alert')).toContainText('wrong')
  await shot(page, 'sign-in')
})

test('signing in leads to the page that was asked for', async ({ page }) => {
  await signInByForm(page, undefined, '/connect?range=last-15m')
  await expect(page).toHaveURL(/connect\?range=last-15m/)
})

test('the applications are listed and lead to a flow map with key figures', async ({ page }) => {
  await signIn(page)
  await expect(page.getByRole('table', { name: 'Applications' })).toBeVisible()
  await shot(page, 'applications')
  await openApplication(page)
  await expect(page.getByLabel('Key figures')).toContainText('Calls per minute')
  await expect(page.locator('.react-flow__node').first()).toBeVisible()
  await expect(page.getByRole('table', { name: 'Business transactions' })).toBeVisible()
  await still(page)
  await shot(page, 'overview')
  await dark(page)
  await shot(page, 'overview-dark')
})

test('the flow map shows figures on its edges, a panel on selection and the same as a table', async ({ page }) => {
  await signIn(page)
  await openApplication(page)
  await page.getByRole('link', { name: 'Flow map' }).click()
  await expect(page.getByRole('button', { name: /→/ }).first()).toContainText('/min')
  await still(page)
  await shot(page, 'flow-map')
  await page.locator('.react-flow__node').first().click()
  await expect(page.getByRole('complementary', { name: /Figures of/ })).toContainText('Calls per minute')
  await expect(page).toHaveURL(/selected=/)
  await still(page)
  await shot(page, 'flow-map-selected')
  await page.getByRole('button', { name: 'Close' }).click()
  await dark(page)
  await shot(page, 'flow-map-dark')
  await page.getByText('Table', { exact: true }).click()
  await expect(page.getByRole('table', { name: 'Calls of the flow map' })).toBeVisible()
  await shot(page, 'flow-map-table')
})

test('a business transaction shows its figures over time and its snapshots', async ({ page }) => {
  await signIn(page)
  await openApplication(page)
  await page.getByRole('link', { name: 'Business transactions' }).click()
  const table = page.getByRole('table', { name: 'Business transactions' })
  await expect(table).toBeVisible()
  await shot(page, 'business-transactions')
  await table.getByRole('link').first().click()
  await expect(page.locator('canvas')).toHaveCount(4)
  await expect(page.getByRole('figure', { name: /^Response time:/ })).toBeVisible()
  await expect(page.getByRole('button', { name: /Time range: Last hour/ })).toBeVisible()
  await still(page)
  await shot(page, 'business-transaction')
  await dark(page)
  await still(page)
  await shot(page, 'business-transaction-dark')
  await page.getByRole('tab', { name: 'Flow map' }).click()
  await expect(page.locator('.react-flow__node').first()).toBeVisible()
  await page.getByText('Over time').evaluate((element) => element.scrollIntoView())
  await still(page)
  await shot(page, 'business-transaction-flow-map')
})

test('a trace is a waterfall with the attributes of the chosen span, under the name of its application', async ({ page }) => {
  await signIn(page)
  await openApplication(page)
  const switcher = page.getByRole('banner').getByRole('button', { name: /^Application: / })
  await expect(switcher).not.toHaveText(/…|All/)
  const application = (await switcher.textContent()) ?? ''
  await page.getByRole('link', { name: 'Snapshots' }).click()
  await page.getByText('All traces (24 h)').click()
  const table = page.getByRole('table', { name: 'Snapshots' })
  await expect(table.getByRole('link').first()).toBeVisible()
  await shot(page, 'snapshots')
  await table.getByRole('link').first().click()
  const tree = page.getByRole('treegrid')
  await expect(tree.getByRole('row').first()).toBeVisible()
  await tree.focus()
  await page.keyboard.press('ArrowDown')
  await expect(page.getByRole('complementary', { name: /^Span/ })).toContainText('Resource')
  await shot(page, 'waterfall')
  await page.reload()
  await expect(switcher).toHaveText(application)
  await switcher.click()
  await page.getByRole('menuitem', { name: application }).click()
  await expect(page).toHaveURL(/applications\/\d+(\?|$)/)
})

test('a relative range stays relative in the URL and a past one does not refresh', async ({ page }) => {
  await signIn(page)
  await page.getByRole('button', { name: /Time range/ }).click()
  await page.getByRole('button', { name: 'Last 3 hours' }).click()
  await expect(page).toHaveURL(/range=last-3h/)
  await expect(page.getByRole('button', { name: 'Live' })).toBeVisible()
  await page.getByRole('button', { name: /Time range/ }).click()
  await still(page)
  await shot(page, 'time-range')
  await page.getByRole('button', { name: 'Apply' }).click()
  await expect(page).toHaveURL(/from=\d+&to=\d+/)
  await expect(page.getByRole('button', { name: 'Past' })).toBeDisabled()
})

test('on a telephone nothing is wider than the screen', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 800 })
  await signIn(page)
  await openApplication(page)
  const of = new URL(page.url()).pathname
  for (const path of ['/applications', of, `${of}/anomalies`, `${of}/incidents`, `${of}/anomaly-settings`, `${of}/logs`, '/connect', '/administration/limits']) {
    await page.goto(path)
    await expect(page.locator('main').getByRole('heading').first(), path).toBeAttached()
    await expect(page.locator('[data-state="loading"]'), path).toHaveCount(0)
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), path).toBe(0)
  }
})

for (const width of [390, 900]) {
  test(`at ${width} pixels what comes late moves nothing that is there, and log records have a place`, async ({ page }) => {
    await page.setViewportSize({ width, height: 800 })
    await page.addInitScript(() => {
      const seen = globalThis as unknown as { shifted: number }
      seen.shifted = 0
      new PerformanceObserver((list) => {
        for (const one of list.getEntries() as (PerformanceEntry & { hadRecentInput: boolean; value: number })[]) if (!one.hadRecentInput) seen.shifted += one.value
      }).observe({ type: 'layout-shift', buffered: true })
    })
    // Long enough for the page to be painted without what is asked for.
    await page.route(/\/api\/v1\/(?!session)/, async (route) => {
      await new Promise((done) => setTimeout(done, 300))
      await route.continue()
    })
    await signIn(page)
    await openApplication(page)
    const of = new URL(page.url()).pathname
    await page.goto(`${of}/business-transactions`)
    const first = await page.getByRole('table', { name: 'Business transactions' }).getByRole('link').first().getAttribute('href')
    for (const path of [`${first?.split('?')[0]}?tab=flow-map`, `${of}/logs`, '/logs']) {
      await page.goto(path)
      await expect(page.locator('[data-state="loading"]'), path).toHaveCount(0)
      await still(page)
      expect(await page.evaluate(() => (globalThis as unknown as { shifted: number }).shifted), path).toBeLessThan(0.05)
    }
    for (const [card, height] of [['Records over time', 100], ['Narrow by', 200], ['Records', 400]] as const) {
      const box = await page.getByRole('region', { name: card, exact: true }).boundingBox()
      expect(box?.height, card).toBeGreaterThan(height)
    }
  })
}
