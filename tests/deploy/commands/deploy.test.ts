import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { testAsRoot } from '../../helpers/needs.ts'
import { runCli, runMain } from '../../helpers/process/run-ai-deploy.ts'
import { tempFolder } from '../../helpers/temp-folder.ts'

const PORTS = 'HTTP_PORT=18080\nHTTPS_PORT=18443\n'

/** Plans a deploy to this machine, into a folder that does not exist yet. */
function planLocally(env: string, config: string, run: typeof runMain = runMain) {
  const cwd = tempFolder({ '.env': env, 'config.yml': config })
  const server = join(cwd, 'server')
  const args = ['--host', 'localhost', '--path', server, '--domain', 'llm.example.com', '--dry-run', '--json']
  return { server, finished: run(args, { cwd }) }
}

const PORT_COSTS = [
  'HTTP_PORT is 18080, but a CA connects to port 80 only: no certificate can be issued while port 80 does not lead to the edge',
  'HTTPS_PORT is 18443: clients must write this port in the URL',
]
const OPENAI_ONLY = 'model_mappings: { gpt: "openai:gpt-5" }\n'

testAsRoot('--dry-run shows every change and makes none', async () => {
  const { server, finished } = planLocally(`API_KEYS=k\nOPENAI_API_KEY=sk\n${PORTS}`, OPENAI_ONLY, runCli)
  const { exitCode, stdout, stderr } = await finished
  expect(exitCode, stderr).toBe(0)
  const { result, ...envelope } = JSON.parse(stdout)
  expect(envelope).toEqual({ ok: true, verb: 'deploy', dry_run: true, warnings: PORT_COSTS })
  expect(result).toMatchObject({ changed: false, url: 'https://llm.example.com:18443' })
  expect(result.changes.slice(-7)).toEqual([
    'take over your .env: API_KEYS, OPENAI_API_KEY, HTTP_PORT, HTTPS_PORT',
    'put scripts/logdb there',
    expect.stringMatching(/^build the image ai-proxy:[0-9a-f]{12} on the server$/),
    'start the edge (ports 18080 and 18443)',
    `start release ${result.release}`,
    `watch release ${result.release} for 20 seconds; there is no release to go back to`,
    'get a certificate for llm.example.com',
  ])
  expect(stderr.split('\n').filter((line) => !line.startsWith('      '))).toEqual([
    'On localhost:',
    ...result.changes.map((line: string) => `  - ${line}`),
    `${result.plan.summary}.`,
    ...PORT_COSTS.map((line) => `Note: ${line}.`),
    'Nothing was changed.',
    '',
  ])
  expect(stderr).toContain('\n      lead new requests to it with one rename of the route file\n')
  expect(existsSync(server)).toBe(false)
})

testAsRoot('a key that config.yml needs and nobody gave is a warning, other providers are not', async () => {
  const { exitCode, stdout, stderr } = await planLocally(`GEMINI_API_KEY=g\n${PORTS}`, OPENAI_ONLY).finished
  expect(exitCode, stderr).toBe(0)
  const warning =
    "the server's .env has no OPENAI_API_KEY: models of that provider answer 503 until you add it and deploy again"
  expect(JSON.parse(stdout).warnings).toEqual([warning, ...PORT_COSTS])
  expect(stderr).toContain(`Note: ${warning}.\n`)
})

testAsRoot('a rollback where nothing was deployed is refused', async () => {
  const cwd = tempFolder()
  const { exitCode, stderr } = await runMain(['--host', 'localhost', '--path', join(cwd, 'server'), '--rollback'], {
    cwd,
  })
  expect([exitCode, stderr]).toEqual([
    34,
    '✖ There is no release on the server yet.\nHint: deploy first, or see --list-backups. (NOTHING_TO_ROLL_BACK, exit code 34)\n',
  ])
})
