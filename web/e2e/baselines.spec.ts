// Baselines: bands on charts, states on maps and in lists, the page of an application's baselines, the account's time zone.
import { sound } from './rules'
import { boxOf, expect, onMock, signIn, test } from './vedette'

test.skip(!onMock, 'needs the mock’s data')

test('a chart shows what was expected, exactly under the pointer, and the choice is a link', async ({ page }) => {
  // A refresh would take the pointer's readout away.
  await signIn(page, 'admin', '/applications/1/business-transactions/105?live=off')
  const times = page.getByRole('figure', { name: /^Response time: .*expected from/ })
  await expect(times).toContainText('expected')
  const box = await boxOf(times.locator('canvas'))
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2)
  await expect(times.locator('time').filter({ hasText: 'expected' })).toContainText(/expected [\d.,]+ ms ± [\d.,]+ ms \([+−][\d.]+ σ\) · /)
  await sound(page, 'band-on-a-chart')
  const select = page.getByRole('combobox', { name: 'Baseline of the charts' })
  await select.selectOption({ label: 'Weekly Trend - Last 3 months' })
  await expect(page).toHaveURL(/baseline=2/)
  await expect(times).toContainText('expected')
  await select.selectOption({ label: 'No baseline' })
  await expect(page).toHaveURL(/baseline=none/)
  await expect(page.getByRole('figure', { name: /^Response time: / })).not.toContainText('expected')
  await page.reload()
  await expect(select).toHaveValue('none')
})

for (const [path, chart] of [['/applications/1/nodes/1101', 'Node.js heap'], ['/applications/1/nodes/1101', 'CPU of the host'], ['/applications/1/errors/1', 'Exceptions']] as const) {
  test(`${chart} shows what was expected, unless no baseline is wanted`, async ({ page }) => {
    await signIn(page, 'admin', path)
    await expect(page.getByRole('figure', { name: new RegExp(`^${chart}.*: .*expected from`) })).toContainText('expected')
    await sound(page, `band-of-${chart.replaceAll(/\W/g, '-')}`)
    await page.getByRole('combobox', { name: 'Baseline of the charts' }).selectOption({ label: 'No baseline' })
    await expect(page.getByRole('figure', { name: new RegExp(`^${chart}`) })).not.toContainText('expected')
  })
}

test('the map marks what is above its baseline by sign and word', async ({ page }) => {
  await signIn(page, 'admin', '/applications/1/flow-map')
  const map = page.getByRole('application').or(page.locator('.react-flow')).first()
  await expect(map).toBeVisible()
  await expect(page.locator('[data-kind][data-state="critical"], [data-kind][data-state="warning"]').first()).toBeVisible()
  await expect(page.getByRole('note', { name: 'Legend' })).toContainText('above its baseline')
  await page.locator('[data-kind][data-state="critical"], [data-kind][data-state="warning"]').first().click()
  await expect(page.getByRole('complementary', { name: /^Figures of/ })).toContainText(/Against its baseline(slower|errors) \+/)
  await sound(page, 'flow-map-by-baseline')
})

test('a list sorts by how far things are above their baseline', async ({ page }) => {
  await signIn(page, 'admin', '/applications/1/business-transactions?sort=-baseline')
  const rows = page.getByRole('table', { name: 'Business transactions' }).getByRole('row')
  await expect(rows.nth(1)).toContainText(/(slower|errors) \+[\d.]+ σ/)
  await sound(page, 'list-by-baseline')
})

test('a baseline is added, made the default and deleted', async ({ page }) => {
  await signIn(page, 'admin', '/applications/1/baselines')
  const table = page.getByRole('table', { name: 'Baselines' })
  await expect(table.getByRole('row')).toHaveCount(5)
  await sound(page, 'baselines')
  await page.getByRole('button', { name: 'Add a baseline' }).click()
  const form = page.getByRole('form', { name: 'A new baseline' })
  const add = form.getByRole('button', { name: 'Add it' })
  await expect(add).toBeDisabled()
  await form.getByLabel('Name').fill('All data - Last 15 days')
  await expect(form).toContainText('There is a baseline of this name already.')
  await form.getByLabel('Name').fill('Ten days')
  await form.getByLabel('Days').fill('500')
  await expect(form).toContainText('from 1 to 400')
  await expect(add).toBeDisabled()
  await form.getByLabel('Days').fill('10')
  await form.getByLabel('Hours that are alike').selectOption('week')
  await expect(form).toContainText('Too few')
  await form.getByLabel('Hours that are alike').selectOption('day')
  await expect(form).toContainText('up to 10 hours like it')
  await sound(page, 'new-baseline')
  await add.click()
  await expect(table.getByRole('row')).toHaveCount(6)
  await page.getByRole('button', { name: 'Make Ten days the default' }).click()
  await expect(table.getByRole('row', { name: /^Ten days/ })).toContainText('default')
  await expect(page.getByRole('combobox', { name: 'Baseline of the charts' })).toContainText('Baseline: Ten days')
  await page.getByRole('button', { name: 'Delete Ten days' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
  await expect(table.getByRole('row')).toHaveCount(5)
  await expect(table.getByRole('row', { name: /^Daily Trend/ })).toContainText('default')
})

test('a week of what was expected is a click away', async ({ page }) => {
  await signIn(page, 'admin', '/applications/1/baselines?of=105')
  await page.getByRole('link', { name: 'last 7 days' }).click()
  await expect(page).toHaveURL(/range=last-7d.*of=105|of=105.*range=last-7d/)
  await expect(page.getByRole('figure', { name: /^Calls: .*expected from/ })).toBeVisible()
  await sound(page, 'season-of-a-week')
})

test('the account has a time zone', async ({ page }) => {
  await signIn(page, 'admin', '/administration/account')
  const select = page.getByLabel('Time zone of the account')
  const button = page.getByRole('button', { name: 'Set the time zone' })
  await expect(button).toBeDisabled()
  await select.selectOption('Asia/Tokyo')
  await expect(page.getByText(/It is .*GMT\+09:00 there/)).toBeVisible()
  await button.click()
  await expect(button).toBeDisabled()
  await sound(page, 'account')
  await page.goto('/applications/1/baselines')
  await expect(page.getByText('by the hours of Asia/Tokyo')).toBeVisible()
})
