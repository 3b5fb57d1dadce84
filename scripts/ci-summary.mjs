// Adds up vitest's JSON reports. Usage: node scripts/ci-summary.mjs BROKEN_STEPS REPORT...
import { readFileSync } from 'node:fs'

const [broken, ...files] = process.argv.slice(2)
const sums = { passed: 0, failed: Number(broken), skipped: 0 }
for (const file of files) {
  const report = JSON.parse(readFileSync(file, 'utf8'))
  sums.passed += report.numPassedTests
  sums.failed += report.numFailedTests
  sums.skipped += report.numPendingTests + report.numTodoTests
  // A file that could not be loaded fails as a suite, without a test.
  const unloaded = report.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
  )
  sums.failed += unloaded.length
}
console.log(`${sums.passed} passed, ${sums.failed} failed, ${sums.skipped} skipped`)
process.exitCode = sums.failed > 0 || sums.passed === 0 ? 1 : 0
