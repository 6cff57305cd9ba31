// What numbers and times mean: rates, gaps, units, exact values, the filling minute, the zone, the range in the URL. Only against the mock.
import type { Page } from '@playwright/test'
import { boxOf, expect, now, onMock, signIn, test } from './vedette'

test.skip(!onMock, 'needs the mock’s data')

const HOUR = 3_600_000
/** Three complete hours of the past, in which the mock's shop has calls and a silence. */
const past = () => {
  const to = Math.floor(now() / HOUR) * HOUR
  return { from: to - 3 * HOUR, to, query: `from=${to - 3 * HOUR}&to=${to}` }
}
const numberOf = (text: string | null) => Number((text ?? '').replaceAll(',', '').split(' ')[0])

async function cell(page: Page, table: string, row: number, column: string) {
  await expect(page.getByRole('table', { name: table }).locator('tbody tr').nth(row)).toBeVisible()
  const heads = await page.getByRole('table', { name: table }).getByRole('columnheader').allTextContents()
  const at = heads.indexOf(column)
  expect(at, column).toBeGreaterThanOrEqual(0)
  return page.getByRole('table', { name: table }).locator('tbody tr').nth(row).getByRole('cell').nth(at)
}

test('calls per minute are the total ÷ the minutes of the range, beside total and error share', async ({ page }) => {
  await signIn(page, 'admin', `/applications/1/business-transactions?${past().query}`)
  const calls = numberOf(await (await cell(page, 'Business transactions', 0, 'Calls')).locator('[title]').first().getAttribute('title'))
  const rate = numberOf(await (await cell(page, 'Business transactions', 0, 'Calls/min')).locator('[title]').first().getAttribute('title'))
  const errors = numberOf(await (await cell(page, 'Business transactions', 0, 'Errors')).locator('[title]').first().getAttribute('title'))
  const share = numberOf(await (await cell(page, 'Business transactions', 0, 'Error %')).locator('[title]').first().getAttribute('title'))
  expect(calls).toBeGreaterThan(1000)
  expect(rate).toBeCloseTo(calls / 180, 4)
  expect(share).toBeCloseTo((100 * errors) / calls, 4)
})

test('numbers have three significant digits and a unit, and are exact on hover', async ({ page }) => {
  await signIn(page, 'admin', `/applications/1/business-transactions?${past().query}`)
  const time = await cell(page, 'Business transactions', 0, 'Response time')
  await expect(time).toHaveText(/^\d{1,3}(\.\d{1,2})? (ms|s)$/)
  const digits = (await time.textContent())?.replace(/\D/g, '').replace(/^0+/, '') ?? ''
  expect(digits.length).toBeLessThanOrEqual(3)
  await expect(time.locator('[title]').first()).toHaveAttribute('title', /^\d+\.\d{4,6} ms: where the time goes$/)
})

test('what was not measured is a dash, and what was not called is zero', async ({ page, request }) => {
  await request.post('/mock/late-tier', { data: { reports: true } })
  try {
    await signIn(page, 'admin', '/applications/1/flow-map')
    await expect(page.locator('.react-flow__node[data-id="18"]')).toContainText('no data')
    await page.goto('/applications/1/flow-map?view=table')
    const uncalled = page.getByRole('table', { name: 'Entities of the flow map' }).getByRole('row', { name: /reviews/ })
    await expect(uncalled.getByRole('cell').last()).toHaveText('–')
    const faultless = page.getByRole('table', { name: 'Calls of the flow map' }).getByRole('row', { name: /cart.*redis/ })
    await expect(faultless.getByRole('cell').nth(-2)).toHaveText('0 %')
  } finally {
    await request.post('/mock/late-tier', { data: { reports: false } })
  }
})

test('where an application reported nothing its figures are dashes, not zeros', async ({ page }) => {
  const silent = (figures: object) => ({ ...figures, calls: 0, errors: 0, calls_per_minute: 0, errors_per_minute: 0, error_percent: 0, average_ms: null, min_ms: null, max_ms: null, p95_ms: null, slow: 0, very_slow: 0, stall: 0 })
  await page.route(/\/api\/v1\/applications\/1(\/business-transactions)?\?/, async (route) => {
    const response = await route.fetch()
    const body = await response.json()
    for (const one of body.items ?? [body]) Object.assign(one, { figures: silent(one.figures), sparkline: [null, null, null] })
    await route.fulfill({ response, json: body })
  })
  await signIn(page, 'admin', `/applications/1?${past().query}`)
  const keys = page.getByLabel('Key figures').locator('dd')
  await expect(keys).toHaveText(Array.from({ length: 7 }, () => '–'))
  for (const column of ['Calls/min', 'Calls', 'Errors', 'Slow']) await expect(await cell(page, 'Business transactions', 0, column)).toHaveText('–')
  await page.getByRole('link', { name: /^Tiers/ }).click()
  for (const table of ['Tiers', 'Nodes']) await expect(await cell(page, table, 0, 'Calls')).toHaveText('–')
})

test('a group has no percentile, and says why', async ({ page }) => {
  await signIn(page, 'admin', '/applications/2/flow-map?selected=group:tier:checkout')
  const panel = page.getByRole('complementary', { name: 'Figures of checkout-*' })
  const percentile = panel.locator('dt', { hasText: '95th percentile' }).locator('xpath=following-sibling::dd[1]')
  await expect(percentile).toHaveText('–')
  await expect(percentile).toHaveAttribute('title', /percentile cannot be made/)
  await expect(panel.locator('dt', { hasText: 'Response time, average' }).locator('xpath=following-sibling::dd[1]')).toContainText('ms')
})

test('an operator says that a transaction’s calls are no response times, and takes it back', async ({ page }) => {
  await signIn(page, 'admin', '/applications/1/business-transactions/105')
  const choice = page.getByRole('combobox', { name: 'Whether its calls count in response times' })
  await expect(choice).toHaveValue('Response times: by median')
  for (const wanted of ['Response times: leave out (long-lived)', 'Response times: by median']) {
    await choice.click()
    await page.getByRole('option', { name: wanted }).click()
    await expect(choice).toHaveValue(wanted)
    await page.reload()
    await expect(choice).toHaveValue(wanted)
  }
})

test('the newest minute is marked as filling, and a past range has none', async ({ page }) => {
  await signIn(page, 'admin', '/applications/1/business-transactions/105')
  await expect(page.getByText('still filling')).toHaveCount(3)
  await page.goto(`/applications/1/business-transactions/105?${past().query}`)
  await expect(page.locator('canvas')).toHaveCount(4)
  await expect(page.getByText('still filling')).toHaveCount(0)
})

test('dragging on a chart zooms in, and one step back zooms out', async ({ page }) => {
  // Of a past range, so that no refresh draws the chart anew under the pointer.
  await signIn(page, 'admin', `/applications/1/business-transactions?${past().query}`)
  await page.getByRole('table', { name: 'Business transactions' }).getByRole('link').first().click()
  const chart = page.locator('.u-over').first()
  await expect(chart).toBeVisible()
  const before = page.url()
  const box = await boxOf(chart)
  await page.mouse.move(box.x + 100, box.y + 40)
  await expect(page.locator('figcaption time').first()).toBeVisible()
  // What stands under the pointer is told without moving anything.
  expect(await page.locator('.u-over').evaluateAll((all) => new Set(all.map((c) => c.getBoundingClientRect().y)).size)).toBe(1)
  expect((await boxOf(chart)).y).toBe(box.y)
  await page.mouse.move(box.x + box.width * 0.4, box.y + 40)
  await page.mouse.down()
  await page.mouse.move(box.x + box.width * 0.7, box.y + 40, { steps: 5 })
  await page.mouse.up()
  await expect(page).not.toHaveURL(before)
  expect(Number(new URL(page.url()).searchParams.get('from'))).toBeGreaterThan(Number(new URL(before).searchParams.get('from')))
  await page.goBack()
  await expect(page).toHaveURL(before)
})

test('a relative range goes along from page to page and stays relative', async ({ page }) => {
  await signIn(page, 'admin', '/applications?range=last-3h')
  await page.getByRole('link', { name: 'shop-production', exact: true }).click()
  await page.getByRole('link', { name: 'Snapshots' }).click()
  await page.getByRole('table', { name: 'Snapshots' }).getByRole('link').first().click()
  await expect(page).toHaveURL(/traces\/[0-9a-f]{32}\?.*range=last-3h/)
  await page.getByRole('link', { name: 'shop-production', exact: true }).click()
  await expect(page).toHaveURL(/applications\/1\?range=last-3h$/)
  await expect(page.getByRole('button', { name: 'Time range: Last 3 hours' })).toBeVisible()
})

test.describe('far from Greenwich', () => {
  test.use({ timezoneId: 'Asia/Kathmandu', locale: 'en-GB' })

  test('times are local and the zone is shown', async ({ page }) => {
    const from = Date.UTC(2026, 5, 1, 0, 0)
    await signIn(page, 'admin', `/applications/1/snapshots?from=${from}&to=${from + HOUR}`)
    const range = page.getByRole('button', { name: /^Time range/ })
    await expect(range).toContainText('05:45')
    await expect(range).toContainText('06:45')
    await expect(range).toContainText('UTC+5:45')
    const start = page.getByRole('table', { name: 'Snapshots' }).getByRole('link').first()
    await expect(start).toHaveText(/0[56]:\d\d:\d\d/)
    await expect(start).toHaveAttribute('title', /GMT\+5:45/)
  })
})

test.describe('in a zone that keeps summer time', () => {
  test.use({ timezoneId: 'Europe/Berlin' })

  test('a range of July is in the zone of July, whatever it is now', async ({ page }) => {
    for (const [month, zone] of [[6, 'UTC+2'], [0, 'UTC+1']] as const) {
      const from = Date.UTC(2026, month, 10, 8, 0)
      if (month === 6) await signIn(page, 'admin', `/applications?from=${from}&to=${from + HOUR}`)
      else await page.goto(`/applications?from=${from}&to=${from + HOUR}`)
      await expect(page.getByRole('button', { name: /^Time range/ })).toContainText(zone)
    }
  })
})
