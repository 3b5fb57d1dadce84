import { execFile, spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { packageRoot } from '../../../kit/package-root.ts'
import { eventually } from '../../helpers/gateway/gateway.ts'
import { startProcess } from '../../helpers/gateway/gateway-process.ts'
import { needing } from '../../helpers/needs.ts'

const EXAMPLES = join(packageRoot(), 'docs/examples')
const KEY = 'a-key-for-the-examples'

/** Runs an example as its first comment says, and compares what it prints with what the gateway logs. */
async function expectExample(command: [string, ...string[]], words: string): Promise<void> {
  const gateway = await startProcess({ API_KEYS: KEY })
  const [program, ...args] = command
  const { stdout, stderr } = await promisify(execFile)(program, args, {
    cwd: EXAMPLES,
    env: { PATH: process.env['PATH'], OPENAI_BASE_URL: `${gateway.url}/v1`, OPENAI_API_KEY: KEY, MODEL: 'echo' },
  })
  const records = await eventually(() => {
    const logs = join(gateway.cwd, 'logs')
    const lines = readdirSync(logs).flatMap((name) => readFileSync(join(logs, name), 'utf8').trim().split('\n'))
    expect(lines).toHaveLength(2)
    return lines.map((line) => JSON.parse(line))
  })
  expect(records.map(({ dialog_id, stream }) => [dialog_id, stream])).toEqual([
    ['my-first-dialog', false],
    [undefined, true],
  ])
  expect(stdout.replaceAll('\r', '')).toBe(`answer: ${words}\nrequest: ${records[0].x_request_id}\nstream: ${words}\n`)
  expect(stderr).toBe('')
}

test('the example of the OpenAI SDK in TypeScript runs against a gateway', async () => {
  const tsx = import.meta.resolve('tsx')
  await expectExample([process.execPath, '--import', tsx, 'openai-sdk.ts'], 'Hello from TypeScript')
})

const hasOpenAi = spawnSync('python3', ['-c', 'import openai']).status === 0

needing('the Python package openai', hasOpenAi)('the example of the OpenAI SDK in Python runs against a gateway', () =>
  expectExample(['python3', 'openai_sdk.py'], 'Hello from Python'),
)
