// The metric browser: from the tree or a search to a chart, its table, and a file.
import { readFile } from 'node:fs/promises'
import { violationsOf } from './rules'
import { dark, expect, onMock, openApplication, shot, signIn, test } from './vedette'

test('metrics from the tree and from a search stand on one chart with their exact values', async ({ page }) => {
  await signIn(page)
  await openApplication(page)
  await page.getByRole('link', { name: 'Metrics', exact: true }).click()
  await expect(page.getByText('Choose metrics from the tree')).toBeVisible()
  await page.getByRole('button', { name: 'Overall Application Performance' }).click()
  for (const name of ['Average Response Time (ms)', 'Calls per Minute']) {
    await page.getByRole('checkbox', { name }).click()
    await expect(page.getByRole('checkbox', { name })).toBeChecked()
  }
  const table = page.getByRole('table', { name: 'Series' })
  await expect(table.getByRole('row')).toHaveCount(3)
  await table.getByRole('button', { name: /Add the 95th percentile/ }).click()
  await expect(table.getByRole('row')).toHaveCount(4)
  await expect(page).toHaveURL(/m=.*m=.*m=/)
  const plot = page.locator('.u-over').first()
  await plot.hover({ position: { x: 300, y: 120 } })
  await expect(table).toContainText(/\d ms/)
  await page.mouse.move(0, 0)
  await page.getByLabel('Search: cart 95th').fill('busy')
  const found = page.getByRole('checkbox', { name: /%Busy/ })
  await found.first().click()
  await expect(page.getByText(/A chart has two axes, ms and per minute/)).toBeVisible()
  await page.waitForTimeout(400)
  await shot(page, 'metrics-search')
  expect(await violationsOf(page, 'metrics')).toEqual([])
  await found.first().click()
  await page.getByRole('combobox', { name: 'Compare with an earlier range' }).click()
  await page.getByRole('option', { name: '… a day earlier' }).click()
  await expect(table).toContainText('was: a day earlier')
  await expect(table.getByRole('row').nth(1)).toContainText(onMock ? /was \d/ : /was [\d–]/)
  await page.getByLabel('Search: cart 95th').fill('')
  await page.waitForTimeout(400)
  await plot.hover({ position: { x: 300, y: 120 } })
  await shot(page, 'metrics')
  await dark(page)
  await page.waitForTimeout(300)
  await shot(page, 'metrics-dark')
  expect(await violationsOf(page, 'metrics, dark')).toEqual([])
})

test('what the chart shows is saved as a file, and a link shows it again', async ({ page }) => {
  test.skip(!onMock, 'chooses metrics that the mock has')
  const path = 'Overall Application Performance|storefront|Calls per Minute'
  await signIn(page, undefined, `/applications/1/metrics?m=${encodeURIComponent(path)}&compare=hour&m=gone`)
  const table = page.getByRole('table', { name: 'Series' })
  await expect(table.getByRole('row')).toHaveCount(2)
  await expect(page.getByText('There is no metric at')).toContainText('gone')
  const download = page.waitForEvent('download')
  await page.getByRole('button', { name: 'CSV' }).click()
  const file = await (await download).path()
  const lines = (await readFile(file, 'utf8')).split('\r\n')
  expect(lines[0]).toBe(`time,complete,${path} [per minute],"${path} [per minute], an hour earlier"`)
  expect(lines[1]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:00\.000Z,true,\d/)
  expect(lines.length).toBeGreaterThan(55)
  // The tree shows where the chosen metric is.
  await expect(page.getByRole('checkbox', { name: 'Calls per Minute', checked: true })).toBeVisible()
})
