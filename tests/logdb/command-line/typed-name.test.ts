import { expect, test } from 'vitest'
import { typedName } from '../../../logdb/command-line/typed-name.ts'
import { main } from '../../../logdb/main.ts'
import { testTerminal } from '../../helpers/process/test-terminal.ts'
import { tempFolder } from '../../helpers/temp-folder.ts'

test.each([
  ['/home/a/node_modules/.bin/logdb', { npm_command: 'exec' }, 'npx logdb'],
  ['/usr/local/bin/logdb', {}, 'logdb'],
  ['/opt/ai-proxy/dist/logdb/cli.js', { LOGDB_SCRIPT: './scripts/logdb' }, './scripts/logdb'],
  ['/opt/ai-proxy/dist/logdb/cli.js', {}, 'node dist/logdb/cli.js'],
])('%s with %j was typed as %s', (script, env, name) => {
  expect(typedName(script, env, '/opt/ai-proxy')).toBe(name)
})

async function run(args: string[], name?: string) {
  const terminal = testTerminal({ cwd: tempFolder(), env: {} })
  const exitCode = await main(args, terminal, name)
  return { exitCode, stdout: terminal.stdout, stderr: terminal.stderr }
}

test('hints and notes name the program as the user typed it, in text and in JSON', async () => {
  const failed = await run(['query', 'SELECT 1', '--json'], './scripts/logdb')
  expect(JSON.parse(failed.stdout).error.hint).toMatch(/^run: \.\/scripts\/logdb ingest, or/)
  expect(failed.stderr).toContain('Hint: run: ./scripts/logdb ingest, or')
  expect((await run(['list'], 'npx logdb')).stderr).toContain('contains no log database: run npx logdb ingest, or')
  expect((await run(['lst'], 'npx logdb')).stderr).toContain('did you mean npx logdb list? All are in npx logdb --help')
  expect((await run(['list'])).stderr).toContain('contains no log database: run logdb ingest, or')
})
