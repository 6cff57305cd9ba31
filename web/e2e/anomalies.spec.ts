// Anomalies: the list, one with its cause, incidents, the model of a series, settings and the back-test; in both themes.
import type { Page } from '@playwright/test'
import { expectNoViolation, sound } from './rules'
import { expect, now, onMock, shot, signIn, still, test } from './vedette'

test.skip(!onMock, 'needs the mock’s data')

async function at(page: Page, path: string, as?: string): Promise<void> {
  await signIn(page, as, path)
  await expect(page.locator('[data-state="loading"]')).toHaveCount(0)
}

test('anomalies are listed with how far off, since when and who is suspected, and narrowed', async ({ page }) => {
  await at(page, '/applications/1/anomalies')
  const table = page.getByRole('table', { name: 'Anomalies' })
  await expect(table.getByRole('row')).toHaveCount(6)
  const checkout = table.getByRole('row', { name: /POST \/checkout/ })
  await expect(checkout).toContainText('4.2× slower: 1.01 s where 170–310 ms is usual')
  await expect(checkout).toContainText('shop-db:3306/shop')
  await expect(checkout).toContainText('87 %')
  await expect(table.getByRole('row', { name: /payments-7d9f-1/ })).toContainText('found with what suffers')
  await expect(table.getByRole('row', { name: /pay\.example\.com/ })).toContainText('no clear cause')
  await sound(page, 'anomalies')
  await table.getByRole('button', { name: 'Deviation' }).click()
  await expect(table.getByRole('row').nth(1)).toContainText('POST /checkout')
  await page.getByLabel('State').selectOption('CLOSED')
  await expect(table.getByRole('row')).toHaveCount(3)
  await page.getByLabel('Kind of entity').selectOption('BACKEND')
  await expect(page).toHaveURL(/kind=BACKEND/)
  await expect(table.getByRole('row')).toHaveCount(2)
  await page.getByLabel('Level').selectOption('CRITICAL')
  await expect(page.getByText('No anomaly matches')).toBeVisible()
})

test('long lists come page by page, over all applications', async ({ page }) => {
  const [until, day] = [now(), 86_400_000]
  await at(page, `/anomalies?from=${until - 30 * day}&to=${until}`)
  const table = page.getByRole('table', { name: 'Anomalies' })
  await expect(table.getByRole('row')).toHaveCount(1 + 200)
  await expect(table).toContainText('market-200')
  await page.getByRole('button', { name: 'Load more' }).click()
  await expect(table.getByRole('row')).not.toHaveCount(1 + 200)
  await expect(page.getByRole('button', { name: 'Load more' })).toHaveCount(0)
})

test('an anomaly says what happened and why, with evidence that leads to where it can be seen', async ({ page }) => {
  await at(page, '/applications/1/anomalies')
  await page.getByRole('link', { name: /^POST \/checkout: response time/ }).press('Enter')
  await expect(page.getByRole('heading', { level: 1, name: 'POST /checkout' })).toBeVisible()
  await expect(page.getByText('82 % of the extra time is spent there').first()).toBeVisible()
  const charts = page.getByRole('region', { name: 'Over time' })
  await expect(charts.locator('canvas')).toHaveCount(3)
  await expect(charts.getByRole('img', { name: /^States: .*normal from .* critical from/ })).toBeVisible()
  const suspects = page.getByRole('region', { name: 'Suspects' })
  await expect(suspects.getByRole('list', { name: 'Suspects' }).locator('> li')).toHaveCount(3)
  await expect(suspects).toContainText('Adds 82 % of the extra time itself')
  const evidence = suspects.getByRole('list', { name: 'Evidence against shop-db:3306/shop' })
  await expect(evidence.getByRole('link', { name: /take 642 ms/ })).toHaveAttribute('href', /flow-map\?.*selected=14%E2%86%9221/)
  await expect(evidence.getByRole('link', { name: /UPDATE stock/ })).toHaveAttribute('href', /traces\?.*bt=105&tier=14/)
  await expect(evidence.getByRole('link', { name: /new log line/ })).toHaveAttribute('href', /logs\?.*severity=ERROR&text=lock/)
  await expect(evidence.getByRole('link', { name: /load test/ })).toHaveAttribute('href', /events\?.*event=4/)
  const map = page.getByRole('region', { name: 'Where it spread' })
  await expect(map).toContainText('shop-db:3306/shop → orders → storefront → POST /checkout')
  await expect(map.locator('.react-flow__node').first()).toBeVisible()
  await expect(page.getByRole('table', { name: 'Operations before and after' }).getByRole('row').nth(1)).toContainText('calls to shop-db:3306/shop')
  await sound(page, 'anomaly')
  await suspects.getByRole('button', { name: 'Show the path of orders' }).press('Enter')
  await expect(suspects.getByRole('button', { name: 'Show the path of orders' })).toHaveAttribute('aria-pressed', 'true')
  await expect(map).toContainText('orders → storefront → POST /checkout')
  await map.scrollIntoViewIfNeeded()
  await still(page)
  await shot(page, 'anomaly-below')
})

test('every link of an anomaly opens', async ({ page }) => {
  await at(page, '/anomalies/9')
  const evidence = page.getByRole('list', { name: /^Evidence against/ }).getByRole('link')
  const further = page.getByRole('region', { name: 'At that time' }).getByRole('link')
  await expect(evidence.first()).toBeVisible()
  const links = [...(await evidence.all()), ...(await further.all())]
  const found = await Promise.all(links.map((link) => link.getAttribute('href')))
  expect(found.length).toBeGreaterThan(10)
  for (const href of found) {
    await page.goto(href ?? '')
    await expect(page.getByRole('heading', { level: 1 }).first(), href ?? '').toBeAttached()
    await expect(page.locator('[data-state="failed"]'), href ?? '').toHaveCount(0)
  }
})

test('people say what it was, and it is kept', async ({ page }) => {
  await at(page, '/anomalies/4')
  const said = page.getByRole('region', { name: 'Feedback' })
  await expect(said.getByRole('listitem').first()).toContainText('Cause confirmed: shop-db:3306/shop by ada')
  await said.getByLabel('Note').fill('It was the backup.')
  await said.getByLabel('Suspect').selectOption('14')
  await said.getByRole('button', { name: 'Wrong cause' }).click()
  await expect(said.getByRole('listitem').last()).toContainText('Wrong cause: orders by admin')
  await expect(said.getByRole('listitem').last()).toContainText('It was the backup.')
  await expect(said.getByLabel('Note')).toHaveValue('')
  await said.getByRole('button', { name: 'Mark as noise' }).click()
  await expect(said.getByRole('listitem').last()).toContainText('Noise')
  await page.goto('/anomalies/9')
  await expect(page.getByRole('region', { name: 'Similar before' }).getByRole('link')).toHaveCount(1)
})

test('no cause, a load, and a cause still looked for are said to be such', async ({ page }) => {
  await at(page, '/anomalies/6')
  await expect(page.getByRole('region', { name: 'Suspects' })).toContainText('No clear cause: nothing that was reported explains it')
  await page.goto('/anomalies/5')
  await expect(page.getByRole('region', { name: 'Suspects' })).toContainText('The load rose')
  await expect(page.getByRole('list', { name: 'Changes' })).toContainText('Stays at a new level')
  await page.goto('/anomalies/7')
  await expect(page.getByRole('region', { name: 'Suspects' })).toContainText('Causes are looked for of business transactions and tiers')
  await expect(page.getByText('No operation can be compared')).toBeVisible()
  await sound(page, 'anomaly-pending')
})

test('an incident holds the anomalies and violations of one cause', async ({ page }) => {
  await at(page, '/applications/1/incidents')
  const table = page.getByRole('table', { name: 'Incidents' })
  await expect(table.getByRole('row')).toHaveCount(3)
  await sound(page, 'incidents')
  await table.getByRole('link', { name: /waits for a lock/ }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Incident no. 3' })).toBeVisible()
  await expect(page.getByRole('table', { name: 'Anomalies of the incident' }).getByRole('row')).toHaveCount(3)
  await expect(page.getByRole('table', { name: 'Violations of the incident' })).toContainText('Business Transaction Health')
  await sound(page, 'incident')
  await page.getByRole('table', { name: 'Anomalies of the incident' }).getByRole('link', { name: /^POST \/checkout/ }).click()
  await page.getByRole('link', { name: 'Incident no. 3' }).click()
  await expect(page).toHaveURL(/incidents\/3/)
})

test('a chart leads to the model of what it shows, and any minute says why it is usual or not', async ({ page }) => {
  await at(page, '/applications/1/business-transactions/105')
  await page.getByRole('link', { name: 'Why is the response time normal, or not?' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Why is POST /checkout normal or not?' })).toBeVisible()
  const why = page.getByRole('region', { name: 'Why', exact: true })
  await expect(why).toContainText('Critical. ')
  await expect(page.getByRole('img', { name: /^Profile of the week: expected from/ })).toBeVisible()
  await sound(page, 'anomaly-model')
  const slider = why.getByRole('slider', { name: 'Minute' })
  await slider.focus()
  await page.keyboard.press('Home')
  await expect(why).toContainText('Normal. ')
  await expect(slider).toHaveAttribute('aria-valuetext', /normal$/)
  await expect(page).toHaveURL(/at=\d+/)
  await why.getByRole('button', { name: 'Anomalous after' }).click()
  await expect(why).toContainText('Warning. ')
  const plot = page.locator('.u-over')
  const box = await plot.boundingBox()
  await plot.click({ position: { x: (box?.width ?? 0) * 0.1, y: 30 } })
  await expect(why).toContainText('Normal. ')
  await page.getByLabel('What of it').selectOption('ERROR_SHARE')
  await expect(page.getByRole('region', { name: 'Share of failed calls and what is usual of it' })).toBeVisible()
  await page.goto('/applications/1/tiers/12')
  await expect(page.getByRole('link', { name: 'Why are the calls normal, or not?' })).toHaveAttribute('href', /anomaly-model\?kind=TIER&entity=12&measure=CALLS/)
})

test('what is still learnt says for how long', async ({ page }) => {
  await at(page, '/applications/3/anomalies')
  await expect(page.getByText('Still learning what is usual')).toBeVisible()
  await expect(page.getByText(/First verdicts come after an hour of reports, in \d+ min/)).toBeVisible()
  await shot(page, 'anomalies-learning')
})

test('detection is switched off and on, limited, and set for single transactions', async ({ page }) => {
  await at(page, '/applications/2/anomalies')
  await page.getByRole('link', { name: 'Settings and back-test' }).click()
  const form = page.getByRole('form', { name: 'Anomaly detection' })
  const on = form.getByRole('switch', { name: 'Switched on' })
  await expect(on).not.toBeChecked()
  await on.click({ force: true })
  await form.getByLabel('Deviations below (ms)').fill('few')
  await expect(form).toContainText('A number from 0 to 600,000')
  await expect(form.getByRole('button', { name: 'Save' })).toBeDisabled()
  await form.getByLabel('Deviations below (ms)').fill('20')
  await form.getByRole('combobox', { name: 'Add one' }).fill('POST /checkout')
  await page.getByRole('option', { name: 'POST /checkout' }).click()
  await form.getByLabel('Sensitivity of POST /checkout').selectOption('HIGH')
  await form.getByRole('button', { name: 'Save' }).click()
  await expect(form).toContainText('Saved')
  await page.goto('/applications/2/anomaly-settings')
  await expect(form.getByLabel('Sensitivity of POST /checkout')).toHaveValue('HIGH')
  await expect(on).toBeChecked()
  await form.getByRole('button', { name: 'Watch POST /checkout like the others' }).click()
  await on.click({ force: true })
  await form.getByRole('button', { name: 'Save' }).click()
  await expect(form).toContainText('Saved')
})

test('a back-test tells what it would have found', async ({ page }) => {
  // Whom it can look at comes late: nobody can begin to type before that, and have it put over by another name.
  await page.route('**/applications/1/business-transactions?*', async (route) => {
    await new Promise((done) => setTimeout(done, 500))
    await route.continue()
  })
  await at(page, '/applications/1/anomaly-settings')
  const tried = page.getByRole('region', { name: 'Back-test' })
  await tried.getByRole('combobox', { name: 'Whom' }).fill('POST /checkout')
  await page.getByRole('option', { name: 'POST /checkout' }).click()
  await tried.getByRole('button', { name: 'Back-test' }).click()
  await expect(tried).toContainText(/It would have found \d+ anomalies, .* a day, in [\d,]+ minutes of POST \/checkout at medium sensitivity/)
  await expect(tried.locator('canvas')).toBeVisible()
  await expect(tried.getByRole('list', { name: 'Anomalies that it would have found' }).getByRole('listitem').first()).toContainText('slower')
  await sound(page, 'anomaly-settings')
  await page.getByRole('form', { name: 'Anomaly detection' }).getByLabel('Sensitivity', { exact: true }).selectOption('LOW')
  await expect(tried).toContainText('Something was changed since')
})

test('who may only look is told so, and may still back-test', async ({ page }) => {
  await at(page, '/applications/1/anomaly-settings', 'viewer')
  await expect(page.getByText('that takes the permission “configure”')).toBeVisible()
  await expect(page.getByRole('form', { name: 'Anomaly detection' }).getByRole('switch').first()).toBeDisabled()
  await page.getByRole('button', { name: 'Back-test' }).click()
  await expect(page.getByText(/It would have found/)).toBeVisible()
  await page.goto('/anomalies/9')
  await expect(page.getByRole('region', { name: 'Suspects' })).toBeVisible()
  await expect(page.getByRole('button', { name: 'Mark as noise' })).toHaveCount(0)
})

test('a mark and an event lead to their anomaly', async ({ page }) => {
  await at(page, '/applications/1/business-transactions/105')
  await page.getByRole('figure', { name: /^Calls/ }).getByRole('link', { name: /^Anomaly, warning, .*POST \/checkout is 4\.2× slower/ }).press('Enter')
  await expect(page).toHaveURL(/anomalies\/9/)
  await page.goto('/applications/1/events?type=ANOMALY_OPEN_WARNING')
  await page.getByRole('table', { name: 'Events' }).getByRole('button', { name: /POST \/checkout is/ }).click()
  await page.getByRole('link', { name: /^The anomaly: what deviated/ }).click()
  await expect(page).toHaveURL(/anomalies\/9/)
})

test('the palette goes to anomalies, incidents and settings', async ({ page }) => {
  await at(page, '/applications/1')
  for (const [words, url] of [['anomaly detection', /applications\/1\/anomaly-settings/], ['incidents', /applications\/1\/incidents/], ['incidents all', /\/incidents(\?|$)/]] as const) {
    await expect(page.getByRole('navigation', { name: /Pages of/ }).or(page.getByRole('region', { name: 'Incidents' })).first()).toBeVisible()
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox', { name: 'Go to or do' }).fill(words)
    await page.keyboard.press('Enter')
    await expect(page).toHaveURL(url)
  }
})

for (const [user, path, state] of [
  ['empty', '/anomalies', 'empty'],
  ['empty', '/incidents', 'empty'],
  ['broken', '/applications/1/anomalies', 'failed'],
  ['broken', '/anomalies/9', 'failed'],
  ['partial', '/applications/1/anomaly-model?kind=TIER&entity=12&measure=CALLS', 'partial'],
] as const) {
  test(`${path} when it is ${state}`, async ({ page }) => {
    await signIn(page, user, path)
    await expect(page.locator(`[data-state="${state}"]`).first()).toBeVisible()
    await still(page)
    await expectNoViolation(page, `${path} ${state}`)
  })
}

test('while an anomaly loads it says so', async ({ page }) => {
  await signIn(page, 'slow', '/anomalies/9')
  await expect(page.getByRole('status').filter({ hasText: 'Loading' }).first()).toBeAttached()
})
