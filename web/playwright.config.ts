// Browser tests against a running Vedette (VEDETTE_URL) or, without one, against the mock serving the built UI: each worker has one
// of its own, so that what a test changes there is changed for nobody else.
import { defineConfig } from '@playwright/test'
import { browser } from './scripts/browser.mjs'

const real = process.env.VEDETTE_URL
/** How many times as long to wait, on a machine that is busy with other things. */
const patience = Number(process.env.VEDETTE_PATIENCE ?? 1)

export default defineConfig({
  testDir: 'e2e',
  // Each run empties its own, and the two kinds may run side by side.
  outputDir: real ? 'test-results/real' : 'test-results/run',
  fullyParallel: !real,
  workers: real ? 1 : 2,
  // What passes the second time only is printed as flaky: on a machine with other work it is looked at, and stops nobody.
  retries: Number(process.env.VEDETTE_RETRIES ?? 0),
  timeout: 60_000 * patience,
  expect: { timeout: 15_000 * patience },
  reporter: [['list']],
  use: {
    baseURL: real,
    ignoreHTTPSErrors: true,
    viewport: { width: 1280, height: 800 },
    trace: 'off',
    launchOptions: {
      executablePath: browser(),
      args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
    },
  },
})
