// What browser tests share: signing in, screenshots, and a watch over the console. Works against the mock and a real server.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { test as base, expect, type BrowserContext, type Locator, type Page } from '@playwright/test'

export const onMock = !process.env.VEDETTE_URL
const user = process.env.VEDETTE_USER ?? 'admin'
const password = process.env.VEDETTE_PASSWORD ?? 'mock'
const home = fileURLToPath(new URL('..', import.meta.url))
/** When each worker's mock begins, whenever that is: made-up figures depend on the time, and hours and days have borders. */
const BEGINS = process.env.VEDETTE_AT ?? '2026-11-25T14:05:00Z'
/** This worker's. */
let mockUrl = ''
let ahead = 0

/** What the time is for the page and for who answers it. */
export const now = (): number => Date.now() + ahead

/** The page's clock goes by that of the mock. */
async function inTime(context: BrowserContext): Promise<BrowserContext> {
  await context.addInitScript((by) => {
    const told = Date.now
    const later = () => told() + by
    globalThis.Date = new Proxy(Date, {
      construct: (real, given, made) => Reflect.construct(real, given.length ? given : [later()], made),
      get: (real, name) => (name === 'now' ? later : Reflect.get(real, name)),
    })
  }, ahead)
  return context
}

/** Every test fails when the page reports an error: a refused style or script shows up here too. */
export const test = base.extend<{ complaints: string[]; ownContext: boolean }, { mock: string | undefined; kept: BrowserContext | null }>({
  mock: [
    // oxlint-disable-next-line no-empty-pattern -- fixtures are told by the pattern, and this one takes none
    async ({}, provide) => {
      if (!onMock) return await provide(undefined)
      const server = spawn(process.execPath, ['mock/server.mjs', '--port', '0', '--static', 'dist', '--at', BEGINS], { cwd: home, stdio: ['ignore', 'pipe', 'inherit'] })
      try {
        const [line] = (await once(createInterface(server.stdout), 'line')) as [string]
        mockUrl = line.replace('mock on ', '')
        const { server_time: there } = await (await fetch(`${mockUrl}/api/v1/about`)).json()
        ahead = there - Date.now()
        await provide(mockUrl)
      } finally {
        server.kill()
      }
    },
    { scope: 'worker' },
  ],
  // What the browser has loaded and compiled serves all tests of a worker: that is half of the time of a small one.
  kept: [
    async ({ browser, mock }, provide) => {
      if (!mock) return await provide(null)
      // Nothing fades or pulses: on a machine without a graphics card painting that costs more than all the page does.
      const context = await browser.newContext({ baseURL: mock, viewport: { width: 1280, height: 800 }, locale: 'en-US', reducedMotion: 'reduce' })
      await provide(await inTime(context))
      await context.close()
    },
    { scope: 'worker' },
  ],
  ownContext: [false, { option: true }],
  context: async ({ browser, kept, mock, ownContext, timezoneId, locale }, provide) => {
    if (!kept || ownContext || timezoneId !== undefined || locale !== 'en-US') {
      const own = await browser.newContext()
      await provide(mock && !ownContext ? await inTime(own) : own)
      return await own.close()
    }
    await provide(kept)
    await Promise.all(kept.pages().map(leave))
    await kept.clearCookies()
  },
  baseURL: async ({ mock, baseURL }, provide) => provide(mock ?? baseURL),
  complaints: [
    async ({ page }, provide) => {
      const complaints: string[] = []
      page.on('pageerror', (error) => complaints.push(error.message))
      page.on('console', (message) => {
        const expected = /status of (401|403|404|503)/.test(message.text())
        if (message.type() === 'error' && !expected) complaints.push(message.text())
      })
      await provide(complaints)
      expect(complaints).toEqual([])
    },
    { auto: true },
  ],
})

/** Nothing that a page kept is there for the next test. */
async function leave(page: Page): Promise<void> {
  // Chromium may never close a page that is told so while it loads another document.
  await page.waitForLoadState().catch(() => undefined)
  // A page that never came to be has nothing.
  await page.evaluate(() => localStorage.clear()).catch(() => undefined)
  await page.close()
}

export { expect }

/** Opens a page as somebody. The mock takes the name for a session; how one signs in is tested by itself. */
export async function signIn(page: Page, as = user, at = '/applications'): Promise<void> {
  if (!onMock) return await signInByForm(page, as, at)
  await page.context().addCookies([{ name: 'vedette_session', value: as, url: mockUrl }])
  await page.goto(at)
}

export async function signInByForm(page: Page, as = user, at = '/applications'): Promise<void> {
  await page.goto(`/sign-in?next=${encodeURIComponent(at)}`)
  await page.getByLabel('User').fill(as)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.waitForURL((url) => !url.pathname.startsWith('/sign-in'))
}

/** A picture for people to look at, where VEDETTE_SHOTS is set. */
export async function shot(page: Page, name: string): Promise<void> {
  if (process.env.VEDETTE_SHOTS) await page.screenshot({ path: `test-results/${name}.png` })
}

/** Waits until nothing moves: no transition runs that ends at all, and a map stands where it stood three frames ago. */
export async function still(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const frame = () => new Promise((done) => requestAnimationFrame(done))
    const ends = (animation: Animation) => Number.isFinite(animation.effect?.getComputedTiming().endTime as number)
    const moves = () => document.getAnimations().some((animation) => animation.playState === 'running' && ends(animation))
    const map = () => document.querySelector('.react-flow__viewport')?.getAttribute('style') ?? ''
    for (let calm = 0, before = map(); calm < 3; before = map()) {
      await frame()
      calm = moves() || map() !== before ? 0 : calm + 1
    }
  })
}

/** Asks how much of the processor the page has used so far, in ms: what else the machine does changes the time that passes, and hardly this. */
export async function processorOf(page: Page): Promise<() => Promise<number>> {
  const session = await page.context().newCDPSession(page)
  await session.send('Performance.enable')
  return async () => {
    const { metrics } = await session.send('Performance.getMetrics')
    return 1000 * (metrics.find((metric) => metric.name === 'ProcessTime')?.value ?? Number.NaN)
  }
}

/** Where something is drawn, once it is: a chart's canvas is made anew with each answer. */
export async function boxOf(drawn: Locator): Promise<{ x: number; y: number; width: number; height: number }> {
  let box: Awaited<ReturnType<Locator['boundingBox']>> = null
  await expect.poll(async () => (box = await drawn.boundingBox()) !== null).toBe(true)
  if (!box) throw new Error('it is not drawn')
  return box
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
