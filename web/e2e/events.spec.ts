// Events: marks on every chart, the pages that list them, and posting one.
import { sound } from './rules'
import { expect, onMock, signIn, test } from './vedette'

test.skip(!onMock, 'needs the mock’s data')

test('a mark on a chart says what happened and leads to the event', async ({ page }) => {
  await signIn(page, 'admin', '/applications/1/tiers/15')
  const calls = page.getByRole('figure', { name: /^Calls/ })
  const marks = calls.getByRole('list', { name: 'Events on this chart' })
  await expect(marks.getByRole('listitem')).not.toHaveCount(0)
  // Three that stand close together are one, and about this tier.
  const close = marks.getByRole('link', { name: /^3 events from .*payments: version 1.8.2/ })
  await close.focus()
  await expect(calls.getByText('payments-1 of payments restarted')).toBeVisible()
  await sound(page, 'event-marks')
  await marks.getByRole('link', { name: /^load test, .*50 users/ }).press('Enter')
  await expect(page).toHaveURL(/\/applications\/1\/events\?.*event=\d+/)
  await expect(page.getByRole('region', { name: 'Event', exact: true })).toContainText('Started by hand.')
})

test('several events at one place lead to the list of just these', async ({ page }) => {
  await signIn(page, 'admin', '/applications/1/tiers/15')
  await page.getByRole('figure', { name: /^Calls/ }).getByRole('link', { name: /^3 events/ }).click()
  await expect(page.getByRole('table', { name: 'Events' }).getByRole('row')).toHaveCount(4)
})

test('charts of every page have marks', async ({ page }) => {
  test.slow()
  await signIn(page, 'admin', '/applications/1')
  await page.goto('/applications/1/business-transactions/105')
  await expect(page.getByRole('figure', { name: /^Response times over time/ }).getByRole('list', { name: 'Events on this chart' })).toBeVisible()
  for (const path of ['/applications/1/business-transactions/105', '/applications/1/backends/21', '/applications/1/nodes/1101', '/applications/1/errors']) {
    await page.goto(path)
    if (path.endsWith('errors')) await page.getByRole('table', { name: 'Errors' }).getByRole('link').first().click()
    await expect(page.getByRole('list', { name: 'Events on this chart' }).first(), path).toBeVisible()
  }
})

test('events are narrowed, read, and resolved', async ({ page }) => {
  test.slow()
  // Longer than the default: what happened an hour before the mock began moves out of it.
  await signIn(page, 'admin', '/applications/1/events?range=last-3h')
  const table = page.getByRole('table', { name: 'Events' })
  await expect(table.getByRole('row')).toHaveCount(9)
  await sound(page, 'events')
  await page.getByRole('group', { name: 'Severity' }).getByRole('button', { name: /^Warning/ }).click()
  await expect(page).toHaveURL(/severity=WARN/)
  await expect(table.getByRole('row')).toHaveCount(4)
  await page.getByRole('group', { name: 'Type' }).getByRole('button', { name: /^Deployment/ }).click()
  await expect(page.getByText('No event matches')).toBeVisible()
  await page.goto('/applications/1/events?range=last-3h&filter=BACKUP')
  await table.getByRole('button', { name: /backup of shop-db failed/ }).click()
  const event = page.getByRole('region', { name: 'Event', exact: true })
  await expect(event.getByRole('link', { name: 'shop-db:3306/shop' })).toHaveAttribute('href', /\/applications\/1\/backends\/21/)
  await sound(page, 'event')
  await event.getByRole('button', { name: 'Mark as resolved' }).click()
  await expect(event.getByRole('button', { name: 'Not resolved after all' })).toBeVisible()
  await page.getByLabel('Not resolved', { exact: true }).press('Space')
  await expect(page.getByText('No event matches')).toBeVisible()
})

test('a deployment is posted and stands on the charts', async ({ page }) => {
  await signIn(page, 'admin', '/applications/1/events')
  await page.getByRole('button', { name: 'Post an event' }).click()
  await expect(page.getByRole('button', { name: 'Post', exact: true })).toBeDisabled()
  await page.getByLabel('Summary').fill('catalog 3.0 is out')
  await page.getByLabel('Version').fill('3.0')
  await page.getByLabel('Affects').selectOption('catalog')
  await sound(page, 'post-event')
  await page.getByRole('button', { name: 'Post', exact: true }).click()
  const event = page.getByRole('region', { name: 'Event', exact: true })
  await expect(event).toContainText('catalog 3.0 is out')
  await event.getByRole('link', { name: 'catalog' }).click()
  await expect(page.getByRole('figure', { name: /^Calls/ }).getByRole('link', { name: /catalog 3.0 is out/ })).toBeVisible()
})

test('the events of all applications tell those of the account too', async ({ page }) => {
  await signIn(page, 'admin', '/events')
  await expect(page.getByRole('table', { name: 'Events' })).toContainText('access key staging made')
  await sound(page, 'all-events')
})
