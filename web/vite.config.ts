import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'

/** Where `npm run dev` finds the REST API: the mock, or a real server given by VEDETTE_URL. */
const api = process.env.VEDETTE_URL ?? 'http://127.0.0.1:4400'

export default defineConfig({
  plugins: [react()],
  build: { target: ['chrome123', 'firefox121', 'safari17.5'], assetsInlineLimit: 0, chunkSizeWarningLimit: 900, modulePreload: { polyfill: false } },
  server: { port: 4401, proxy: { '/api/v1': { target: api, secure: false, changeOrigin: true }, '/ca.pem': { target: api, secure: false } } },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
})
