// The Chromium that the browser tests and `pages.mjs` drive.
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** VEDETTE_CHROMIUM, else the first on the PATH: the one that only shows itself to programs takes a quarter less of the machine. */
export function browser() {
  if (process.env.VEDETTE_CHROMIUM) return process.env.VEDETTE_CHROMIUM
  const folders = (process.env.PATH ?? '').split(delimiter)
  for (const name of ['chromium-headless-shell', 'chromium']) {
    const found = folders.map((folder) => join(folder, name)).find((path) => existsSync(path))
    if (found) return found
  }
  throw new Error('neither chromium-headless-shell nor chromium is on the PATH: run scripts/setup, or name one in VEDETTE_CHROMIUM')
}
