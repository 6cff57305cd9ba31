// With `--at 2026-11-25T14:05Z` the mock begins at that moment, and time goes on from there. Imported before all that reads the time.
const at = process.argv.indexOf('--at')
if (at > 0) {
  const real = Date.now
  const by = Date.parse(process.argv[at + 1]) - real()
  Date.now = () => real() + by
}
