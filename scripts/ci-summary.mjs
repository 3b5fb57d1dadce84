// Adds up vitest's JSON reports and names every test that failed, since the last lines of a run are read first.
// Usage: node scripts/ci-summary.mjs BROKEN_STEPS REPORT...
// The report of a second run of NAME.json is NAME.again.json. A failed test whose file then passes
// is named, and does not fail the run.
import { readFileSync } from 'node:fs'
import { relative } from 'node:path'

const LINES_OF_A_REASON = 12

const [broken, ...paths] = process.argv.slice(2)
const reports = new Map(paths.map((path) => [path, JSON.parse(readFileSync(path, 'utf8'))]))

const fileOf = (name) => relative(process.cwd(), name)

/** Every test of a report. A file that failed without a failed test, as in a hook or while it was loaded, is one too. */
function testsOf(report) {
  return report.testResults.flatMap(({ name, status, message, assertionResults }) => {
    const file = fileOf(name)
    const tests = assertionResults.map(({ fullName, status: result, failureMessages }) => {
      return { file, title: `${file} > ${fullName}`, status: result, reason: failureMessages?.join('\n') }
    })
    const isExplained = status !== 'failed' || tests.some((test) => test.status === 'failed')
    return isExplained ? tests : [{ file, title: file, status, reason: message }, ...tests]
  })
}

function print(heading, tests) {
  for (const { title, reason } of tests) {
    console.log(`${heading} ${title}`)
    for (const line of (reason ?? '').split('\n').slice(0, LINES_OF_A_REASON)) console.log(`    ${line}`)
  }
}

const sums = { passed: 0, failed: Number(broken), skipped: 0 }
for (const [path, report] of reports) {
  if (path.endsWith('.again.json')) continue
  const again = reports.get(path.replace(/\.json$/, '.again.json'))?.testResults ?? []
  const passedAgain = again.filter(({ status }) => status === 'passed').map(({ name }) => fileOf(name))
  const tests = testsOf(report)
  const failed = tests.filter(({ status }) => status === 'failed')
  const unsteady = failed.filter(({ file }) => passedAgain.includes(file))
  const broke = failed.filter(({ file }) => !passedAgain.includes(file))
  print('UNSTEADY (failed, then passed; mend it):', unsteady)
  print('FAILED:', broke)
  sums.passed += tests.filter(({ status }) => status === 'passed').length + unsteady.length
  sums.failed += broke.length
  sums.skipped += tests.filter(({ status }) => !['passed', 'failed'].includes(status)).length
}
console.log(`${sums.passed} passed, ${sums.failed} failed, ${sums.skipped} skipped`)
process.exitCode = sums.failed > 0 || sums.passed === 0 ? 1 : 0
