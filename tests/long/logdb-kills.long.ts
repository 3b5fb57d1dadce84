import { expect } from 'vitest'
import {
  killableCommands,
  killableConvert,
  killableGaps,
  killableIndex,
  killableIngest,
  killableMerge,
  killableRotation,
  killableSeal,
  logsOf,
} from '../helpers/logdb/kills/kill-scenarios.ts'
import { type Killable, killAtRandom, killBeforeSteps } from '../helpers/logdb/kills/kills.ts'
import { sqliteTest } from '../helpers/logdb/sqlite-test.ts'
import { compiledLogdb } from '../helpers/process/compiled-package.ts'
import { seededRandom } from '../helpers/random.ts'

const TIMEOUT_MS = 30 * 60_000
const cli = compiledLogdb()
const [few, many] = [logsOf(60), logsOf(3000)]

/** 220 kills together. */
const AT_RANDOM: [name: string, kills: number, killable: Killable][] = [
  ['ingest', 60, killableIngest(cli, many)],
  ['ingest in this thread only', 20, killableIngest(cli, many, { LOGDB_IMPORT_PARALLELISM: '1' })],
  ['ingest with four threads', 20, killableIngest(cli, many, { LOGDB_IMPORT_PARALLELISM: '4' })],
  ['ingest of days left out', 20, killableGaps(cli, many)],
  ['ingest of logs that grow and rotate', 30, killableRotation(cli, 600)],
  ['fts build', 20, killableIndex(cli, many)],
  ['seal', 10, killableSeal(cli, many)],
  ['convert', 20, killableConvert(cli, 3000)],
  ['merge', 20, killableMerge(cli, many)],
]
for (const [index, [name, kills, killable]] of AT_RANDOM.entries()) {
  sqliteTest(
    `${name}: ${kills} kills at random times leave nothing lost or doubled`,
    async () => {
      const figures = await killAtRandom(killable, kills, seededRandom(index))
      process.stdout.write(`${name}: ${JSON.stringify(figures)}\n`)
      expect(figures.kills).toBe(kills)
    },
    TIMEOUT_MS,
  )
}

for (const [name, killable] of killableCommands(cli, few)) {
  sqliteTest(
    `${name}, killed before each of its steps, is finished by the next one`,
    async () => {
      const killed = await killBeforeSteps(killable, (steps) => [...steps.keys()])
      process.stdout.write(`${name}: killed before each of ${killed.length} steps\n`)
    },
    TIMEOUT_MS,
  )
}
