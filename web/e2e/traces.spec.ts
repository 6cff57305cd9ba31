// The search of traces, the views of one trace, and the comparison of two. Only against the mock.
import { boxOf, dark, expect, onMock, processorOf, shot, signIn, still, test } from './vedette'
import { expectNoViolation, violationsOf } from './rules'

test.skip(!onMock, 'needs the mock’s data')

const LARGE = /10,000/

test('a search is built up step by step, each step is in the URL, and a result opens its trace', async ({ page }) => {
  await signIn(page, 'admin', '/applications/1')
  await page.getByRole('navigation', { name: /Pages of/ }).getByRole('link', { name: 'Traces' }).click()
  const transactions = page.getByRole('table', { name: 'Transactions' })
  await expect(transactions.getByRole('row').nth(3)).toBeVisible()
  await expect(page.getByRole('img', { name: /^Durations over time of/ })).toBeVisible()
  await shot(page, 'traces')
  await page.getByLabel('Shortest duration').fill('0.2 s')
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(/min=200/)
  const attribute = page.getByRole('textbox', { name: 'Attribute: key=value' })
  await attribute.fill('db.query')
  await page.getByRole('option', { name: /^db\.query\.text/ }).click()
  await expect(attribute).toHaveValue('db.query.text=')
  await expect(page.getByText(/spans (looked at|of this range)/)).toBeVisible()
  await still(page)
  await shot(page, 'traces-suggestions')
  expect(await violationsOf(page, 'suggestions')).toEqual([])
  await page.getByRole('option').first().click()
  await expect(page).toHaveURL(/attr=db\.query\.text%3D/)
  await page.getByLabel('Shortest duration').fill('')
  await page.keyboard.press('Enter')
  const spans = page.getByRole('table', { name: 'Spans' })
  await expect(spans.getByRole('row').nth(2)).toBeVisible()
  await shot(page, 'traces-spans')
  await page.getByRole('button', { name: /^Without db\.query\.text=/ }).click()
  await expect(page).not.toHaveURL(/attr=/)
  await page.goBack()
  await expect(page).toHaveURL(/attr=/)
  await spans.getByRole('link').first().click()
  await expect(page).toHaveURL(/\/traces\/[0-9a-f]{32}\?.*span=/)
})

test('a point of the plot opens its trace, and a drag looks closer', async ({ page }) => {
  await signIn(page, 'admin', '/applications/1/traces?outcome=ERROR')
  const plot = page.getByRole('img', { name: /^Durations over time of .* failed/ })
  const box = await boxOf(plot)
  await page.mouse.move(box.x + 200, box.y + 20)
  await page.mouse.down()
  await page.mouse.move(box.x + 700, box.y + 160, { steps: 5 })
  await page.mouse.up()
  await expect(page).toHaveURL(/min=[\d.]+&max=[\d.]+/)
  await expect(page).toHaveURL(/from=\d+&to=\d+/)
  await page.goBack()
  await expect(page).not.toHaveURL(/min=/)
  // Every failed transaction of the mock takes 1.24 s: they stand in one row.
  for (let x = 70; x < box.width && !page.url().includes('/traces/1'); x += 12) {
    for (let y = 30; y < 170 && !page.url().includes('/traces/1'); y += 12) {
      await page.mouse.move(box.x + x, box.y + y)
      if ((await plot.getAttribute('data-over')) === null) continue
      await expect(plot).toContainText('1.24 s failed')
      await shot(page, 'traces-hover')
      await page.mouse.down()
      await page.mouse.up()
      await page.waitForURL(/\/traces\/1/)
    }
  }
  await expect(page).toHaveURL(/\/traces\/1[0-9a-f]{31}/)
})

test('a search that ended before all was looked through says so and goes on', async ({ page }) => {
  await signIn(page, 'admin', '/traces?attr=mock%3Dcut')
  await expect(page.getByText('No span like this among the newest')).toBeVisible()
  await expect(page.locator('[data-state="partial"]')).toContainText('too much to look through')
  await shot(page, 'traces-cut')
  await page.getByRole('button', { name: 'Look further back' }).click()
  await expect(page.getByText('No span like this in this range')).toBeVisible()
})

test('a search that found nothing, waits or failed says which', async ({ page }) => {
  await signIn(page, 'admin', '/applications/1/traces?min=500000')
  await expect(page.getByText('No transaction like this in this range')).toBeVisible()
  await page.getByRole('button', { name: 'Clear' }).click()
  await expect(page.getByRole('table', { name: 'Transactions' })).toBeVisible()
  await page.context().clearCookies()
  await signIn(page, 'slow', '/traces')
  await expect(page.getByRole('region', { name: 'Transactions' }).locator('[data-state="loading"]')).toBeVisible({ timeout: 20_000 })
  await page.context().clearCookies()
  await signIn(page, 'broken', '/traces?show=spans')
  await expect(page.locator('[data-state="failed"]')).toContainText('Could not load the spans')
})

test('a search is saved, opened again and forgotten', async ({ page }) => {
  await signIn(page, 'admin', '/applications/1/traces?min=100&outcome=ERROR')
  const saved = page.getByRole('button', { name: 'Saved searches' })
  await saved.click()
  await page.getByLabel('Name of this search').fill('Failed and slow')
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  const link = page.getByRole('link', { name: 'Failed and slow' })
  await expect(link).toBeVisible()
  await shot(page, 'traces-saved')
  expect(await violationsOf(page, 'saved searches')).toEqual([])
  await page.goto('/traces')
  await saved.click()
  await link.click()
  await expect(page).toHaveURL(/\/applications\/1\/traces\?min=100&outcome=ERROR/)
  await saved.click()
  await page.getByRole('button', { name: 'Forget Failed and slow' }).click()
  await expect(link).toHaveCount(0)
})

test('the critical path is drawn, switched off, and told by operation', async ({ page }) => {
  await signIn(page, 'admin', `/traces/6${'a'.repeat(31)}`)
  const tree = page.getByRole('treegrid')
  const parts = tree.locator('[class*="onPath"]')
  await expect(parts.first()).toBeVisible()
  await shot(page, 'trace-path')
  await page.getByRole('checkbox', { name: 'Critical path', exact: true }).click()
  await expect(page).toHaveURL(/path=off/)
  await expect(parts).toHaveCount(0)
  await page.getByRole('tab', { name: 'Critical path' }).click()
  const table = page.getByRole('table', { name: 'Critical path' })
  await expect(table.getByRole('row').nth(1)).toContainText('%')
  await shot(page, 'trace-path-table')
  await table.getByRole('button', { name: 'POST', exact: true }).first().click()
  await expect(page.getByRole('complementary', { name: /^Span POST/ })).toBeVisible()
})

test('the flame view is walked through by keys and looks closer', async ({ page }) => {
  await signIn(page, 'admin', `/traces/6${'a'.repeat(31)}?tab=flame`)
  const tree = page.getByRole('tree', { name: 'Operations of the trace' })
  await expect(tree.getByRole('treeitem').first()).toBeVisible()
  await shot(page, 'trace-flame')
  const whole = await tree.getByRole('treeitem').count()
  await tree.focus()
  const selected = tree.locator('[aria-selected="true"]')
  await page.keyboard.press('ArrowDown')
  await expect(selected).toHaveAttribute('aria-level', '2')
  await page.keyboard.press('ArrowRight')
  await expect(selected).toHaveAttribute('aria-label', /request handler/)
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(/frame=\d+/)
  expect(await tree.getByRole('treeitem').count()).toBeLessThan(whole)
  await shot(page, 'trace-flame-closer')
  await page.keyboard.press('Escape')
  await expect(page).not.toHaveURL(/frame=/)
  await page.getByRole('button', { name: 'Its span' }).click()
  await expect(page.getByRole('complementary', { name: /^Span/ })).toBeVisible()
})

test('a trace of 10,000 spans has a flame view at once', async ({ page }) => {
  await signIn(page, 'admin', '/applications/1/snapshots')
  await page.getByRole('row', { name: LARGE }).first().click()
  await expect(page.getByRole('treegrid')).toBeVisible()
  const used = await processorOf(page)
  const before = await used()
  await page.getByRole('tab', { name: 'Flame' }).click()
  await expect(page.getByRole('treeitem').first()).toBeVisible()
  const took = (await used()) - before
  test.info().annotations.push({ type: 'work for a flame view of 10,000 spans', description: `${took.toFixed(0)} ms` })
  expect(took).toBeLessThan(2000)
  await shot(page, 'trace-flame-10000')
})

test('two traces are compared from a trace’s own page', async ({ page }) => {
  await signIn(page, 'admin', `/traces/6${'a'.repeat(31)}`)
  await page.getByRole('button', { name: 'Compare with…' }).click()
  await expect(page.getByRole('dialog', { name: 'Compare with' }).getByRole('link').first()).toBeVisible()
  await shot(page, 'trace-compare-with')
  expect(await violationsOf(page, 'compare with')).toEqual([])
  await page.getByLabel('Id of another trace').fill(`1${'b'.repeat(31)}`)
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(/\/traces\/compare\?.*a=6a+&b=1b+/)
  const table = page.getByRole('table', { name: 'Operations of both traces' })
  await expect(table.getByRole('row').nth(5)).toBeVisible()
  await expect(table).toContainText('only in A')
  await expect(table.getByRole('row', { name: /pay\.example\.com/ })).toContainText('+2')
  await shot(page, 'compare')
  await page.getByRole('button', { name: 'Swap' }).click()
  await expect(page).toHaveURL(/a=1b+&b=6a+/)
  await expect(table.getByRole('row', { name: /pay\.example\.com/ })).toContainText('−2')
  await dark(page)
  await shot(page, 'compare-dark')
})

const PLACES = [
  ['traces of an application', '/applications/1/traces?range=last-15m'],
  ['traces of all applications', '/traces?range=last-5m&show=spans&attr=service.name%3Dorders'],
  ['the flame view', `/traces/6${'a'.repeat(31)}?tab=flame`],
  ['the critical path', `/traces/6${'a'.repeat(31)}?tab=path`],
  ['the comparison', `/traces/compare?a=6${'a'.repeat(31)}&b=1${'b'.repeat(31)}`],
  ['a comparison of nothing', '/traces/compare'],
] as const

for (const [what, path] of PLACES) {
  test(`${what} breaks no rule`, async ({ page }) => {
    await signIn(page, 'admin', path)
    await expect(page.getByRole('heading', { level: 1 }).first()).toBeAttached()
    await expect(page.locator('[data-state="loading"]')).toHaveCount(0)
    await expectNoViolation(page, what)
    await shot(page, `${what.replaceAll(' ', '-')}-dark`)
  })
}

test('a trace has a flow map of its own, and its attributes lead to the spans that share them', async ({ page }) => {
  await signIn(page, 'admin', `/traces/1${'a'.repeat(31)}?tab=map`)
  await expect(page.locator('.react-flow__node')).toHaveCount(5)
  const call = page.getByRole('button', { name: /^payments → pay\.example\.com:443 \(HTTP\)/ })
  await expect(call).toContainText('3 calls')
  await expect(call).toContainText('3 failed')
  await still(page)
  await shot(page, 'trace-map')
  expect(await violationsOf(page, 'the map of a trace')).toEqual([])
  await page.getByRole('tab', { name: 'Waterfall' }).click()
  await page.getByRole('row', { name: /INSERT shop/ }).first().click()
  await page.getByRole('link', { name: 'Find spans with db.namespace=shop' }).click()
  await expect(page).toHaveURL(/\/applications\/1\/traces\?.*attr=db\.namespace%3Dshop/)
  await expect(page.getByRole('table', { name: 'Spans' }).getByRole('row').nth(3)).toBeVisible()
})
