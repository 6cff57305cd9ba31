// Browser tests against a running Vedette (VEDETTE_URL) or, without one, against the mock serving the built UI.
import { defineConfig } from '@playwright/test'

/** Where the mock listens for these tests; another port lets several runs stand side by side. */
const port = Number(process.env.VEDETTE_MOCK_PORT ?? 4410)
const own = `http://127.0.0.1:${port}`

export default defineConfig({
  testDir: 'e2e',
  outputDir: 'test-results/run',
  fullyParallel: false,
  workers: 1,
  timeout: 60_000,
  expect: { timeout: 15_000 },
  reporter: [['list']],
  use: {
    baseURL: process.env.VEDETTE_URL ?? own,
    ignoreHTTPSErrors: true,
    viewport: { width: 1280, height: 800 },
    trace: 'off',
    launchOptions: {
      executablePath: process.env.VEDETTE_CHROMIUM ?? '/usr/bin/chromium',
      args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
    },
  },
  webServer: process.env.VEDETTE_URL ? undefined : { command: `node mock/server.mjs --port ${port} --static dist`, url: `${own}/api/v1/about`, reuseExistingServer: false },
})
