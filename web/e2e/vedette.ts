// What browser tests share: signing in, screenshots, and a watch over the console. Works against the mock and a real server.
import { test as base, expect, type Page } from '@playwright/test'

export const onMock = !process.env.VEDETTE_URL
const user = process.env.VEDETTE_USER ?? 'admin'
const password = process.env.VEDETTE_PASSWORD ?? 'mock'

/** Every test fails when the page reports an error: a refused style or script shows up here too. */
export const test = base.extend<{ complaints: string[] }>({
  complaints: [
    async ({ page }, use) => {
      const complaints: string[] = []
      page.on('pageerror', (error) => complaints.push(error.message))
      page.on('console', (message) => {
        const expected = /status of (401|403|404|503)/.test(message.text())
        if (message.type() === 'error' && !expected) complaints.push(message.text())
      })
      await use(complaints)
      expect(complaints).toEqual([])
    },
    { auto: true },
  ],
})

export { expect }

export async function signIn(page: Page, as = user, at = '/applications'): Promise<void> {
  await page.goto(`/sign-in?next=${encodeURIComponent(at)}`)
  await page.getByLabel('User').fill(as)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.waitForURL((url) => !url.pathname.startsWith('/sign-in'))
}

export async function shot(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: `test-results/${name}.png` })
}

export async function dark(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Switch to dark' }).click()
  await expect(page.locator('html')).toHaveAttribute('data-mantine-color-scheme', 'dark')
}

/** Opens the application the tests look at: VEDETTE_APPLICATION, else the busiest. */
export async function openApplication(page: Page): Promise<void> {
  const name = process.env.VEDETTE_APPLICATION ?? (onMock ? 'shop-production' : null)
  const row = name ? page.getByRole('link', { name, exact: true }) : page.getByRole('table', { name: 'Applications' }).getByRole('link').first()
  await row.click()
  await expect(page.getByRole('navigation', { name: /Pages of/ })).toBeVisible()
}
