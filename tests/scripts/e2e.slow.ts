import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { expect, test } from 'vitest'
import { packageRoot } from '../../kit/package-root.ts'
import { pathWith } from '../helpers/server/programs-first.ts'
import { tempFolder } from '../helpers/temp-folder.ts'

const COUNTS = { numTotalTests: 3, numPassedTests: 2, numFailedTests: 1, numPendingTests: 0, numTodoTests: 0 }
const REPORT = JSON.stringify({ ...COUNTS, testResults: ['a file'] })

/** Runs the script with an npx that starts nothing: vitest writes a report, except in the lane `broken`. */
async function runLanes(args: string[], broken = 'none') {
  const npx = `#!/bin/sh
echo "npx $*"
[ "$1" = vitest ] || exit 0
for argument; do
  case $argument in
    *.${broken}.json) ;;
    --outputFile.json=*) echo '${REPORT}' > "\${argument#*=}" ;;
  esac
done
exit 1
`
  const report = join(tempFolder(), 'e2e.json')
  const command = ['--import', 'tsx', 'scripts/e2e.ts', '--reporter=json', `--outputFile.json=${report}`, ...args]
  const options = { cwd: packageRoot(), env: { PATH: pathWith({ npx }) }, reject: false }
  const { exitCode, stdout } = await execa(process.execPath, command, options)
  const vitestLines = stdout.split('\n').filter((line) => line.includes('npx vitest'))
  const of = (lane: string) => report.replace('.json', `.${lane}.json`)
  return { exitCode, vitestLines, report, ofLane: { bookworm: of('bookworm'), both: of('both') } }
}

test('the reports of all lanes become one', async () => {
  const { exitCode, vitestLines, report, ofLane } = await runLanes([])
  expect(exitCode).toBe(1)
  expect(vitestLines.map((line) => line.split(' ')[0]).sort()).toEqual(['bookworm', 'both', 'trixie'])
  expect(vitestLines.at(-1)).toMatch(/^both /)
  expect(JSON.parse(readFileSync(report, 'utf8'))).toEqual({
    ...{ numTotalTests: 9, numPassedTests: 6, numFailedTests: 3, numPendingTests: 0, numTodoTests: 0 },
    testResults: ['a file', 'a file', 'a file'],
  })
  expect(existsSync(ofLane.bookworm)).toBe(false)
})

test('if a lane leaves no report there is none, and those of the others stay', async () => {
  const { report, ofLane } = await runLanes([], 'both')
  expect([report, ofLane.bookworm, ofLane.both].map((path) => existsSync(path))).toEqual([false, true, false])
})

test('one file runs in its lane only, with the other options of vitest', async () => {
  const { vitestLines, report } = await runLanes(['tests/e2e/watch.e2e.ts', '-t', 'a title'])
  expect(vitestLines).toEqual([expect.stringMatching(/^trixie .* tests\/e2e\/watch\.e2e\.ts .*-t a title$/)])
  expect(JSON.parse(readFileSync(report, 'utf8'))).toMatchObject({ numTotalTests: 3 })
})
