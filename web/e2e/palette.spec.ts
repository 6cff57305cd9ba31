// The palette by keyboard alone, and the time zone of all moments on the page.
import { violationsOf } from './rules'
import { dark, expect, onMock, openApplication, shot, signIn, still, test } from './vedette'

test('the palette finds a page, a transaction and a trace by keyboard', async ({ page }) => {
  await signIn(page)
  await openApplication(page)
  await page.keyboard.press('Control+k')
  const input = page.getByRole('combobox', { name: 'Go to or do' })
  await expect(input).toBeFocused()
  await expect(page.getByRole('group', { name: 'Pages' }).getByRole('option').first()).toHaveAttribute('aria-selected', 'true')
  await expect(page.getByRole('group', { name: 'Business transactions' }).getByRole('option').first()).toBeVisible()
  await shot(page, 'palette')
  expect(await violationsOf(page, 'palette')).toEqual([])
  await input.fill('flow')
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(/\/flow-map/)

  await page.keyboard.press('Control+k')
  await input.fill('no page is called that')
  await expect(page.getByText('Nothing here is called')).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(input).toHaveCount(0)

  await page.keyboard.press('Control+k')
  await input.fill('00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01')
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(/\/traces\/4bf92f3577b34da6a3ce929d0e0e4736/)
})

test('the arrows walk through what was found, around its ends', async ({ page }) => {
  await signIn(page)
  await page.getByRole('button', { name: 'Go to or do' }).click()
  const input = page.getByRole('combobox', { name: 'Go to or do' })
  await input.fill('last 1')
  const options = page.getByRole('option')
  await expect(options.first()).toHaveAttribute('aria-selected', 'true')
  await page.keyboard.press('ArrowUp')
  await expect(options.last()).toHaveAttribute('aria-selected', 'true')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('ArrowDown')
  await expect(options.nth(1)).toHaveAttribute('aria-selected', 'true')
  const chosen = (await options.nth(1).textContent()) ?? ''
  await page.keyboard.press('Enter')
  await expect(page.getByRole('button', { name: `Time range: ${chosen}` })).toBeVisible()
})

test('every moment is told in the chosen time zone', async ({ page }) => {
  await signIn(page)
  const range = page.getByRole('button', { name: /^Time range: / })
  await range.click()
  await page.getByLabel('Time zone').selectOption('Asia/Tokyo')
  await expect(range).toContainText('Asia/Tokyo (UTC+9)')
  await range.click()
  const from = await page.getByLabel('From').inputValue()
  await shot(page, 'time-zone')
  await page.getByLabel('Time zone').selectOption('UTC')
  await expect(range).not.toContainText('Tokyo')
  await range.click()
  const inUtc = await page.getByLabel('From').inputValue()
  const minutes = (Date.parse(`${from}Z`) - Date.parse(`${inUtc}Z`)) / 60_000
  expect(Math.abs(minutes - 540)).toBeLessThanOrEqual(2)
  // Each choice loads the page anew, and only then has the test an end.
  await page.getByLabel('Time zone').selectOption('')
  await expect(page.getByLabel('Time zone')).toHaveCount(0)
  await range.click()
  await expect(page.getByLabel('Time zone')).toHaveValue('')
})

test('the palette in dark', async ({ page }) => {
  test.skip(!onMock, 'a look at the mock')
  await signIn(page)
  await dark(page)
  await page.keyboard.press('Control+k')
  await expect(page.getByRole('option').first()).toBeVisible()
  await still(page)
  expect(await violationsOf(page, 'palette')).toEqual([])
  await shot(page, 'palette-dark')
})
