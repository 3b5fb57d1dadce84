import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import {
  contentOf,
  killableCommands,
  killableIngest,
  logsOf,
  spaceWith,
} from '../helpers/logdb/kills/kill-scenarios.ts'
import { killAtRandom, killBeforeSteps } from '../helpers/logdb/kills/kills.ts'
import { sqliteTest } from '../helpers/logdb/sqlite-test.ts'
import { SERVER_ID } from '../helpers/logdb/workspace.ts'
import { compiledLogdb } from '../helpers/process/compiled-package.ts'
import { seededRandom } from '../helpers/random.ts'

const TIMEOUT_MS = 120_000
const KILLS = 3
const SAMPLED_STEPS = 1
const LEAST_BYTES_FOR_THREAD = 4 * 1024 * 1024
const cli = compiledLogdb()
/** Many are long enough for threads. */
const [few, many] = [logsOf(60), logsOf(1000, 130)]

sqliteTest(
  'a run killed between the commit of the rows and that of the position leaves nothing lost or doubled',
  async () => {
    const killed = await killBeforeSteps(killableIngest(cli, few), (steps) => [
      steps.indexOf('COMMIT in control.sqlite3'),
      steps.indexOf('COMMIT in ai_proxy_20250911.sqlite3'),
    ])
    expect(killed).toHaveLength(2)
  },
  TIMEOUT_MS,
)

for (const [name, killable] of killableCommands(cli, few)) {
  sqliteTest(
    `${name}, killed before any of its steps, is finished by the next one`,
    async () => {
      const random = seededRandom(name.length)
      await killBeforeSteps(killable, (steps) => {
        const last = steps.findLastIndex((step) => step.startsWith('COMMIT'))
        return [Math.max(0, last), ...Array.from({ length: SAMPLED_STEPS }, () => random.below(steps.length))]
      })
    },
    TIMEOUT_MS,
  )
}

sqliteTest(
  `runs killed at ${KILLS} random points leave nothing lost or doubled`,
  async () => {
    expect(statSync(join(many, 'v1_chat_completions.log')).size).toBeGreaterThan(LEAST_BYTES_FOR_THREAD)
    expect(await killAtRandom(killableIngest(cli, many), KILLS, seededRandom(42))).toMatchObject({ kills: KILLS })
  },
  TIMEOUT_MS,
)

sqliteTest(
  'SIGTERM ends a run after a clean commit, with 143, and the next run continues from there',
  async () => {
    const [space, clean] = [spaceWith(many), spaceWith(many)]
    const child = spawn(process.execPath, [cli, 'ingest'], {
      cwd: space.folder,
      env: { ...process.env, LOGDB_SERVER_ID: SERVER_ID },
      stdio: 'ignore',
    })
    await expect
      .poll(() => existsSync(join(space.db, 'control.sqlite3')), { timeout: TIMEOUT_MS, interval: 2 })
      .toBe(true)
    child.kill('SIGTERM')
    const [code, signal] = await once(child, 'exit')
    expect([code, signal]).toEqual([143, null])
    expect((await space.ingest()).rowsInserted).toBeGreaterThan(0)
    await clean.ingest()
    expect(await contentOf(space)).toEqual(await contentOf(clean))
  },
  TIMEOUT_MS,
)
