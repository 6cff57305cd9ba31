// What needs data of a known shape: large maps, a large trace, dragging, and the four states. Only against the mock.
import { boxOf, dark, expect, now, onMock, processorOf, shot, signIn, still, test } from './vedette'

test.skip(!onMock, 'needs the mock’s data')

const placesOf = (page: import('@playwright/test').Page) => page.locator('.react-flow__node').evaluateAll((nodes) => Object.fromEntries(nodes.map((n) => [(n as HTMLElement).dataset.id, (n as HTMLElement).style.transform])))

/** Drags an entity of a map a good way down. */
async function dragDown(page: import('@playwright/test').Page, id: string): Promise<void> {
  const box = await boxOf(page.locator(`.react-flow__node[data-id="${id}"]`))
  await page.mouse.move(box.x + 30, box.y + 10)
  await page.mouse.down()
  await page.mouse.move(box.x + 30, box.y + 120, { steps: 8 })
  await page.mouse.up()
}

/** What a page writes. */
function writesOf(page: import('@playwright/test').Page): string[] {
  const writes: string[] = []
  page.on('request', (r) => r.method() !== 'GET' && writes.push(`${r.method()} ${new URL(r.url()).pathname}`))
  return writes
}

test('places survive a reload and dragging is kept; looking stores nothing', async ({ page }) => {
  const writes = writesOf(page)
  await signIn(page, 'admin', '/applications/1/flow-map')
  await expect(page.locator('.react-flow__node')).toHaveCount(12)
  await still(page)
  const before = await placesOf(page)
  await page.reload()
  await expect(page.locator('.react-flow__node')).toHaveCount(12)
  expect(await placesOf(page)).toEqual(before)
  expect(writes).toEqual([])
  const stored = page.waitForResponse((r) => r.url().endsWith('/flow-map/layout') && r.status() === 204)
  await dragDown(page, '17')
  await stored
  const after = await placesOf(page)
  expect(after['17']).not.toBe(before['17'])
  expect({ ...after, 17: null }).toEqual({ ...before, 17: null })
  expect(writes).toEqual(['PUT /api/v1/applications/1/flow-map/layout'])
  await page.reload()
  await expect(page.locator('.react-flow__node')).toHaveCount(12)
  // All of it: what stood around what was moved stands there still.
  expect(await placesOf(page)).toEqual(after)
})

test('who may only look moves things for themselves', async ({ page }) => {
  const writes = writesOf(page)
  await signIn(page, 'viewer', '/applications/1/flow-map')
  await expect(page.locator('.react-flow__node')).toHaveCount(12)
  await still(page)
  const before = await placesOf(page)
  await dragDown(page, '17')
  const after = await placesOf(page)
  expect(after['17']).not.toBe(before['17'])
  await page.waitForResponse((r) => r.url().includes('/flow-map?'))
  await still(page)
  expect(await placesOf(page)).toEqual(after)
  expect(writes).toEqual([])
})

test('the map is fitted to the screen on demand, after a refresh too, and when it was laid out anew', async ({ page }) => {
  await signIn(page, 'admin', '/applications/1/flow-map')
  await expect(page.locator('.react-flow__node')).toHaveCount(12)
  const viewport = page.locator('.react-flow__viewport')
  const drag = async () => {
    const before = await viewport.getAttribute('style')
    await page.mouse.move(300, 700)
    await page.mouse.down()
    await page.mouse.move(700, 740, { steps: 4 })
    await page.mouse.up()
    await expect(viewport).not.toHaveAttribute('style', before ?? '')
  }
  const inSight = async () => {
    const pane = await page.locator('.react-flow').boundingBox()
    const boxes = await page.locator('.react-flow__node').evaluateAll((nodes) => nodes.map((n) => n.getBoundingClientRect().toJSON() as DOMRect))
    return boxes.every((b) => pane && b.left >= pane.x && b.right <= pane.x + pane.width && b.top >= pane.y && b.bottom <= pane.y + pane.height)
  }
  await expect.poll(inSight).toBe(true)
  await page.waitForResponse((r) => r.url().includes('/flow-map?'), { timeout: 15_000 })
  await drag()
  expect(await inSight()).toBe(false)
  await page.getByRole('button', { name: 'Fit View' }).click()
  await expect.poll(inSight).toBe(true)
  await drag()
  await page.getByRole('button', { name: 'Lay out anew' }).click()
  await expect.poll(inSight).toBe(true)
  await drag()
  await page.getByRole('button', { name: 'Fit View' }).click()
  await expect.poll(inSight).toBe(true)
})

test('a new entity moves no other', async ({ page, request }) => {
  await signIn(page, 'admin', '/applications/1/flow-map')
  await expect(page.locator('.react-flow__node')).toHaveCount(12)
  await still(page)
  const stored = page.waitForResponse((r) => r.url().endsWith('/flow-map/layout'))
  await dragDown(page, '17')
  await stored
  const before = await placesOf(page)
  await request.post('/mock/late-tier', { data: { reports: true } })
  try {
    await expect(page.locator('.react-flow__node')).toHaveCount(13, { timeout: 25_000 })
    expect(await placesOf(page)).toMatchObject(before)
    // What was moved once stands where it stood, beside what is new as well.
    await still(page)
    const after = await placesOf(page)
    await page.reload()
    await expect(page.locator('.react-flow__node')).toHaveCount(13)
    expect(await placesOf(page)).toEqual(after)
  } finally {
    await request.post('/mock/late-tier', { data: { reports: false } })
  }
})

test('the 20 busiest calls have text, any other when the pointer is on it', async ({ page }) => {
  await signIn(page, 'admin', '/applications/2/flow-map')
  const texts = page.getByRole('button', { name: /→/ }).filter({ hasText: '/min' })
  await expect(texts.first()).toBeVisible()
  await still(page)
  const shown = await texts.count()
  expect(shown).toBeGreaterThan(8)
  expect(shown).toBeLessThanOrEqual(20)
  const named = await texts.evaluateAll((all) => all.map((e) => e.getAttribute('aria-label')))
  const quiet = await page.locator('.react-flow__edge').evaluateAll((edges, labels) => {
    for (const edge of edges) {
      const path = edge.querySelector<SVGPathElement>('.react-flow__edge-interaction')
      if (!path || labels.includes(path.querySelector('title')?.textContent ?? '')) continue
      // Somewhere on its way nothing stands above it.
      for (let t = 0.1; t < 0.95; t += 0.05) {
        const at = path.getPointAtLength(t * path.getTotalLength()).matrixTransform(path.getScreenCTM() ?? undefined)
        if (document.elementFromPoint(at.x, at.y) === path) return { x: at.x, y: at.y, summary: path.querySelector('title')?.textContent ?? '' }
      }
    }
    return null
  }, named)
  if (!quiet) throw new Error('every call has text')
  await page.mouse.move(quiet.x, quiet.y)
  await expect(page.getByRole('button', { name: quiet.summary.split('\n')[0] }).filter({ hasText: '/min' })).toBeVisible()
})

test('while something is selected, only its own calls have text', async ({ page }) => {
  await signIn(page, 'admin', '/applications/1/flow-map?selected=14')
  const texts = page.getByRole('button', { name: /→/ }).filter({ hasText: '/min' })
  await expect(texts).toHaveCount(4)
  for (const name of await texts.evaluateAll((all) => all.map((e) => e.getAttribute('aria-label') ?? ''))) expect(name).toMatch(/^orders → |→ orders \(/)
})

/** Applications of so many entities, and what drawing all of them may take of the processor, ms: twice what it does. */
for (const [id, size, most] of [[2, 200, 4000], [3, 1000, 15_000]] as const) {
  test(`a map of ${size} entities is grouped, searchable and focusable`, async ({ page }) => {
    await signIn(page, 'admin', `/applications/${id}/flow-map`)
    await expect(page.getByText(new RegExp(`${size.toLocaleString('en')} entities.*shown as`))).toBeVisible()
    await still(page)
    await shot(page, `flow-map-${size}`)
    await page.getByPlaceholder('Find a tier or backend').fill('checkout-core')
    await page.getByRole('option', { name: 'checkout-core', exact: true }).click()
    await expect(page.getByRole('complementary', { name: 'Figures of checkout-core' })).toBeVisible()
    await expect(page.getByPlaceholder('Find a tier or backend')).toHaveValue('')
    await still(page)
    await shot(page, `flow-map-${size}-found`)
    await page.getByRole('button', { name: 'Focus' }).click()
    await page.getByRole('button', { name: 'Close' }).click()
    await expect(page.getByText('Around checkout-core')).toBeVisible()
    await still(page)
    await shot(page, `flow-map-${size}-focus`)
  })

  test(`all ${size} entities at once stay usable`, async ({ page }) => {
    test.slow()
    await signIn(page, 'admin', `/applications/${id}/flow-map`)
    await expect(page.locator('.react-flow__node').first()).toBeVisible()
    await still(page)
    const used = await processorOf(page)
    const before = await used()
    await page.getByRole('button', { name: 'Open all groups' }).click()
    await expect(page.getByRole('button', { name: 'Group', exact: true })).toBeVisible({ timeout: 120_000 })
    await still(page)
    const took = (await used()) - before
    test.info().annotations.push({ type: 'work to draw all', description: `${Math.round(took)} ms` })
    expect(took).toBeLessThan(most)
    await shot(page, `flow-map-${size}-open`)
    await dark(page)
    await shot(page, `flow-map-${size}-open-dark`)
  })
}

test('a trace of 10,000 spans opens and scrolls, drawing only what is in sight', async ({ page }) => {
  await signIn(page, 'admin', '/applications/1/snapshots')
  await page.getByRole('row', { name: /10,000/ }).first().click()
  await expect(page.getByText('10,000 spans')).toBeVisible()
  const tree = page.getByRole('treegrid')
  await expect(tree).toHaveAttribute('aria-rowcount', '10000')
  expect(await tree.getByRole('row').count()).toBeLessThan(120)
  const used = await processorOf(page)
  const before = await used()
  await tree.evaluate(async (element) => {
    for (let i = 0; i < 60; i++) {
      element.scrollTop += 2000
      await new Promise((done) => requestAnimationFrame(done))
    }
  })
  const frame = ((await used()) - before) / 60
  test.info().annotations.push({ type: 'work for a frame', description: `${frame.toFixed(1)} ms` })
  expect(frame).toBeLessThan(250)
  await shot(page, 'waterfall-10000')
})

test('the keys move through a trace from wherever it was clicked', async ({ page }) => {
  await signIn(page, 'admin', '/applications/1/snapshots?outcome=ERROR')
  await page.getByRole('table', { name: 'Snapshots' }).getByRole('link').first().click()
  await page.getByRole('row', { name: /POST \/charge/ }).click()
  await expect(page.getByRole('treegrid')).toBeFocused()
  await page.keyboard.press('ArrowDown')
  await expect(page.getByRole('row', { name: /pay\.example\.com/ }).first()).toHaveAttribute('aria-selected', 'true')
  await page.getByRole('row', { name: /POST \/charge/ }).getByRole('button').click()
  await page.keyboard.press('Home')
  await expect(page.getByRole('row').first()).toHaveAttribute('aria-selected', 'true')
})

test('the logs of a trace are read from its beginning', async ({ page }) => {
  await signIn(page, 'admin', `/traces/6${'a'.repeat(31)}?tab=logs`)
  const offsets = page.locator('main time')
  await expect(offsets.first()).toBeVisible()
  const ms = (await offsets.allTextContents()).map(Number.parseFloat)
  expect(ms.length).toBeGreaterThan(3)
  expect(ms).toEqual(ms.toSorted((a, b) => a - b))
})

test('a trace that is not kept is said to be so', async ({ page }) => {
  await signIn(page, 'admin', '/traces/00001111222233334444555566667777')
  await expect(page.getByRole('heading', { name: 'This trace is not kept' })).toBeVisible()
  await expect(page.getByRole('button', { name: 'Application: all. Switch' })).toBeVisible()
})

test.describe('by a clock of its own', () => {
  test.use({ ownContext: true })

  test('a relative range refreshes every 10 s until paused, a past one never', async ({ page }) => {
    await page.clock.install({ time: now() })
    await signIn(page, 'admin', '/applications/1/business-transactions')
    await expect(page.getByRole('table', { name: 'Business transactions' })).toBeVisible()
    let asked = 0
    page.on('request', (r) => (asked += r.url().includes('/business-transactions?') ? 1 : 0))
    const after = async (ms: number) => {
      asked = 0
      await page.clock.runFor(ms)
      await page.waitForTimeout(500)
      return asked
    }
    expect(await after(10_500)).toBe(1)
    await page.getByRole('button', { name: 'Live' }).click()
    expect(await after(60_000)).toBe(0)
    await expect(page).toHaveURL(/live=off/)
    const until = now()
    await page.goto(`/applications/1/business-transactions?from=${until - 7_200_000}&to=${until - 3_600_000}`)
    await expect(page.getByRole('table', { name: 'Business transactions' })).toBeVisible()
    expect(await after(60_000)).toBe(0)
  })
})

test('a hint leads to the entity it is about', async ({ page }) => {
  await signIn(page, 'admin', '/applications/1')
  await page.getByRole('list', { name: 'Hints' }).getByRole('link', { name: 'Show' }).click()
  await expect(page.getByRole('complementary', { name: 'Figures of mailer' })).toContainText('sample')
})

test('a failed transaction shows where it failed', async ({ page }) => {
  await signIn(page, 'admin', '/applications/1/snapshots?outcome=ERROR')
  await page.getByRole('table', { name: 'Snapshots' }).getByRole('link').first().click()
  await page.getByRole('button', { name: /Next of .* failed spans/ }).click()
  await expect(page.getByRole('complementary', { name: /^Span/ })).toContainText('Failed')
  await page.getByRole('row', { name: /POST \/charge/ }).click()
  await shot(page, 'waterfall-failed')
  await dark(page)
  await shot(page, 'waterfall-failed-dark')
})

test('empty, loading, partial and failed are four different states', async ({ page }) => {
  await signIn(page, 'broken', '/applications/1')
  await expect(page.locator('[data-state="failed"]').first()).toBeVisible()
  await shot(page, 'state-failed')
  await page.context().clearCookies()
  await signIn(page, 'slow', '/applications/1')
  await expect(page.locator('[data-state="loading"]').first()).toBeVisible({ timeout: 20_000 })
  await shot(page, 'state-loading')
  await page.context().clearCookies()
  await signIn(page, 'partial', '/applications/1')
  await expect(page.locator('[data-state="partial"]').first()).toContainText('journal replay is at 40 %')
  await still(page)
  await shot(page, 'state-partial')
})

test('an empty Vedette shows how to connect and turns into the map at the first span', async ({ page, request }) => {
  await request.post('/mock/first-span', { data: { seen: false } })
  await signIn(page, 'empty')
  await expect(page.getByRole('heading', { name: 'No application reports yet' })).toBeVisible()
  await expect(page.getByRole('table', { name: 'Last attempts to report' })).toContainText('unknown certificate authority')
  await expect(page.getByText('OTEL_EXPORTER_OTLP_ENDPOINT=')).toBeVisible()
  await shot(page, 'empty')
  await page.locator('main').evaluate((element) => element.scrollTo(0, 10_000))
  await shot(page, 'empty-attempts')
  await request.post('/mock/first-span', { data: { seen: true } })
  await expect(page).toHaveURL(/applications\/1\/flow-map/, { timeout: 20_000 })
  await expect(page.locator('.react-flow__node').first()).toBeVisible()
})

test('what waits in other traffic is promoted, and that is taken back', async ({ page }) => {
  await signIn(page, 'admin', '/applications/1/business-transactions/109?tab=waiting')
  const table = page.getByRole('table', { name: 'Waiting transactions' })
  await expect(table.getByRole('row')).toHaveCount(3)
  await table.getByRole('button', { name: 'Promote GET /wishlist' }).click()
  const row = table.getByRole('row', { name: /GET \/wishlist/ })
  await expect(row).toContainText('from the next minute on')
  await shot(page, 'waiting')
  await page.reload()
  await expect(row).toContainText('from the next minute on')
  await row.getByRole('button', { name: 'Do not promote GET /wishlist' }).click()
  await expect(row).not.toContainText('from the next minute on')
  await page.goto('/applications/1/business-transactions/101')
  await expect(page.getByRole('tab', { name: 'Snapshots and traces' })).toBeVisible()
  await expect(page.getByRole('tab', { name: 'Waiting for a place' })).toHaveCount(0)
})

test('an operator has background work counted in the key figures', async ({ page }) => {
  await signIn(page, 'admin', '/applications/1')
  const background = page.getByRole('switch', { name: 'With background work' })
  await expect(background).not.toBeChecked()
  await background.click({ force: true })
  await page.reload()
  await expect(background).toBeChecked()
  await shot(page, 'overview-background')
  await background.click({ force: true })
  await expect(background).not.toBeChecked()
})
