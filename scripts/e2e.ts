import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { parseCLI } from 'vitest/node'
import { $ } from 'zx'
import { packageRoot } from '../kit/package-root.ts'
import { LANES, type Lane } from '../tests/e2e/lanes.ts'

const FOLDER = 'tests/e2e'
const REPORT_OPTION = '--outputFile.json='

const COUNTS = ['numTotalTests', 'numPassedTests', 'numFailedTests', 'numPendingTests', 'numTodoTests'] as const
type Count = (typeof COUNTS)[number]
/** What is used of a JSON report of vitest. */
type Report = Record<Count, number> & { testResults: unknown[] }

const LANE_NAMES = Object.keys(LANES) as Lane[]

const rigId = process.env['E2E_RIG_ID'] ?? '90'
const isRigKept = process.env['E2E_KEEP_RIG'] === 'true'
const shell = $({ nothrow: true, quiet: true, env: { ...process.env, E2E_RIG_ID: rigId } })

process.exitCode = await runEndToEndTests(process.argv.slice(2))

/** Brings up a rig, runs the end-to-end tests on it, and takes it down. Returns the exit code. */
async function runEndToEndTests(vitestArgs: string[]): Promise<number> {
  const { filter } = parseCLI(['vitest', 'run', ...vitestArgs])
  const files = chosenFiles(filter)
  const options = vitestArgs.filter((arg) => !filter.includes(arg))
  const upCode = await rigCommand('up', '--fresh')
  if (upCode !== 0) return upCode
  const run = (lane: Lane) => runLane(lane, files[lane], options)
  const codes = await Promise.all([run('bookworm'), run('trixie')])
  codes.push(await run('both'))
  mergeReports(files, options)
  const downCode = isRigKept ? 0 : await rigCommand('down')
  return codes.find((code) => code !== 0) ?? downCode
}

/** The files whose path holds one of the filters, or all without a filter. */
function chosenFiles(filters: string[]): Record<Lane, string[]> {
  const isChosen = (path: string) => filters.length === 0 || filters.some((filter) => path.includes(filter))
  const chosen = (lane: Lane) => LANES[lane].map((name) => join(FOLDER, name)).filter(isChosen)
  const files = { bookworm: chosen('bookworm'), trixie: chosen('trixie'), both: chosen('both') }
  const inLanes: string[] = Object.values(LANES).flat()
  const forgotten = readdirSync(join(packageRoot(), FOLDER)).filter(
    (name) => name.endsWith('.e2e.ts') && !inLanes.includes(name),
  )
  if (forgotten.length > 0) throw new Error(`${FOLDER}/lanes.ts does not say in which lane these run: ${forgotten}`)
  if (Object.values(files).flat().length === 0) throw new Error(`no file of ${FOLDER} is named like ${filters}`)
  return files
}

/** @returns the exit code of vitest */
async function runLane(lane: Lane, files: string[], options: string[]): Promise<number> {
  if (files.length === 0) return 0
  const own = options.map((option) => (option.startsWith(REPORT_OPTION) ? reportOf(lane, option) : option))
  const tests = shell({
    stdio: ['ignore', 'pipe', 'pipe'],
  })`npx vitest run --config ${FOLDER}/vitest.config.ts ${files} ${own}`
  prefixLines(lane, tests.stdout, process.stdout)
  prefixLines(lane, tests.stderr, process.stderr)
  return (await tests).exitCode ?? 1
}

function prefixLines(lane: Lane, from: Readable, to: Writable): void {
  createInterface({ input: from }).on('line', (line) => to.write(`${lane.padEnd(8)} | ${line}\n`))
}

/** The option that gives a lane a JSON report of its own. */
function reportOf(lane: Lane, option: string): string {
  return option.replace(/(\.json)?$/, `.${lane}.json`)
}

/** Makes one JSON report of those of the lanes. If a lane that ran has left none, they stay as they are. */
function mergeReports(files: Record<Lane, string[]>, options: string[]): void {
  const option = options.find((candidate) => candidate.startsWith(REPORT_OPTION))
  if (option === undefined) return
  const ran = LANE_NAMES.filter((lane) => files[lane].length > 0)
  const paths = ran.map((lane) => reportOf(lane, option).slice(REPORT_OPTION.length))
  if (!paths.every((path) => existsSync(path))) return
  const reports: Report[] = paths.map((path) => JSON.parse(readFileSync(path, 'utf8')))
  const sum = (name: Count) => reports.reduce((total, report) => total + report[name], 0)
  const counts = Object.fromEntries(COUNTS.map((name) => [name, sum(name)]))
  const testResults = reports.flatMap((report) => report.testResults)
  writeFileSync(option.slice(REPORT_OPTION.length), JSON.stringify({ ...counts, testResults }))
  for (const path of paths) rmSync(path)
}

async function rigCommand(...args: string[]): Promise<number> {
  const { exitCode } = await shell({ stdio: 'inherit' })`npx tsx scripts/rig.ts --id ${rigId} ${args}`
  return exitCode ?? 1
}
