import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { describe, expect, test } from 'vitest'
import { packageRoot } from '../../kit/package-root.ts'
import { RIG_ERRORS } from '../../scripts/rig/errors.ts'
import { compiledPackage } from '../helpers/process/compiled-package.ts'
import { sharedTempFolder } from '../helpers/temp-folder.ts'

const ROOT = packageRoot()
const cache = sharedTempFolder()

async function rig(...args: string[]) {
  const command = [join(compiledPackage(), 'dist/scripts/rig.js'), ...args]
  const env = { AI_DEPLOY_RIG_CACHE: cache }
  const { exitCode, stdout, stderr } = await execa(process.execPath, command, { cwd: ROOT, env, reject: false })
  return { exitCode, stdout, stderr }
}

test('docs/rig.md lists every error, its exit code and its meaning, and no others', () => {
  const doc = readFileSync(join(ROOT, 'docs/rig.md'), 'utf8')
  const rows = [...doc.matchAll(/^\| `([A-Z_]+)` \| (\d+) \| (.*) \|$/gm)]
  const documented = rows.map(([, code = '', exitCode, meaning]) => [code, { exitCode: Number(exitCode), meaning }])
  expect(rows).toHaveLength(Object.keys(RIG_ERRORS).length)
  expect(Object.fromEntries(documented)).toEqual(RIG_ERRORS)
})

describe.concurrent('every error has the common form and its exit code', () => {
  test('of a rig that is not up', async () => {
    expect(await rig('--id', '7', 'ssh')).toEqual({
      exitCode: 1,
      stdout: '',
      stderr: '✖ Rig 7 is not up.\nHint: run: npm run rig -- up --id 7. (RIG_NOT_UP, exit code 1)',
    })
  })

  test('of an id out of range', async () => {
    expect(await rig('--id', '100', 'status')).toEqual({
      exitCode: 1,
      stdout: '',
      stderr: '✖ "100" is not a rig id.\nHint: use a number from 0 to 99. (RIG_ID, exit code 1)',
    })
  })

  test('of an option that is not known', async () => {
    expect(await rig('up', '--frehs')).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: expect.stringMatching(
        /^✖ Unknown option '--frehs' .*\nHint: see npm run rig -- up --help\. \(USAGE, exit code 2\)$/,
      ),
    })
  })
})

test('help is on stdout', async () => {
  const { exitCode, stdout, stderr } = await rig('up', '--help')
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  expect(stdout).toContain('--fresh')
})
