import { spawnSync } from 'node:child_process'
import { appendFileSync, copyFileSync, existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generateX25519Identity, identityToRecipient } from 'age-encryption'
import { beforeAll, expect } from 'vitest'
import { fill } from '../../../helpers/logdb/bundles.ts'
import { hasSqlite, sqliteTest } from '../../../helpers/logdb/sqlite-test.ts'
import { workspace } from '../../../helpers/logdb/workspace.ts'
import { needing } from '../../../helpers/needs.ts'
import { findProgram } from '../../../helpers/process/programs.ts'
import { sharedTempFolder } from '../../../helpers/temp-folder.ts'

const space = workspace(sharedTempFolder())
const { folder, run } = space
const pathOf = (name: string) => join(folder, name)
const hasKeygen = findProgram('ssh-keygen') !== null
const signedTest = needing('better-sqlite3 or ssh-keygen', hasSqlite && hasKeygen)
let recipient = ''

/** An SSH key, and the line that allows it. */
function makeKey(name: string): void {
  spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', pathOf(name)])
  const [type, key] = readFileSync(pathOf(`${name}.pub`), 'utf8').split(' ')
  writeFileSync(pathOf(`${name}.allowed`), `${name}@example.org ${type} ${key}\n`)
}

beforeAll(async () => {
  if (!hasSqlite) return
  await fill(space, ['2025-09-10'])
  for (const name of ['mine', 'other']) {
    const identity = await generateX25519Identity()
    writeFileSync(pathOf(`${name}.age`), `# a comment\n${identity}\n`)
    if (name === 'mine') recipient = await identityToRecipient(identity)
  }
  if (hasKeygen) for (const name of ['signer', 'stranger']) makeKey(name)
})

sqliteTest('an encrypted bundle is read with its key only, and has no list next to it', async () => {
  await run(['bundle', 'create', '--out', 'e.tgz'])
  expect(existsSync(pathOf('e.tgz.metadata.json'))).toBe(true)
  const created = await run(['bundle', 'create', '--out', 'e.tgz', '--encrypt-to', recipient])
  expect(created).toEqual({ exitCode: 0, stdout: 'e.tgz\n', stderr: '' })
  expect(readFileSync(pathOf('e.tgz'), 'latin1')).toMatch(/^age-encryption\.org\/v1\n/)
  expect(existsSync(pathOf('e.tgz.metadata.json'))).toBe(false)
  const failed = { exitCode: 1, stdout: 'fail\n', stderr: expect.stringContaining('encrypted: it is encrypted') }
  expect(await run(['bundle', 'verify', 'e.tgz'])).toEqual(failed)
  const wrong = await run(['bundle', 'verify', 'e.tgz', '--identity', 'other.age'])
  expect(wrong).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('encrypted: it cannot be decrypted') })
  const key = ['--identity', 'mine.age']
  expect(await run(['bundle', 'verify', 'e.tgz', ...key])).toEqual({ exitCode: 0, stdout: 'ok\n', stderr: '' })
  expect(await run(['bundle', 'inspect', 'e.tgz', ...key])).toMatchObject({ exitCode: 0 })
  const imported = await run(['bundle', 'import', 'e.tgz', ...key, '--dest', 'there'])
  expect(imported).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^imported=20 skipped=0\n/) })
})

sqliteTest('an encrypted bundle that was changed or cut fails', async () => {
  await run(['bundle', 'create', '--out', 'c.tgz', '--encrypt-to', recipient])
  const verify = () => run(['bundle', 'verify', 'c.tgz', '--identity', 'mine.age'])
  copyFileSync(pathOf('c.tgz'), pathOf('whole'))
  appendFileSync(pathOf('c.tgz'), 'x')
  expect(await verify()).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('tampered: what is encrypted') })
  copyFileSync(pathOf('whole'), pathOf('c.tgz'))
  truncateSync(pathOf('c.tgz'), readFileSync(pathOf('whole')).length - 1)
  expect(await verify()).toMatchObject({ exitCode: 1, stdout: 'fail\n' })
})

sqliteTest('a key that is none is a usage error, and makes no bundle', async () => {
  expect(await run(['bundle', 'create', '--out', 'n.tgz', '--encrypt-to', 'age1nothing'])).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('--encrypt-to: cannot encrypt for this key'),
  })
  expect(existsSync(pathOf('n.tgz'))).toBe(false)
})

signedTest('a signed bundle is accepted from its signer only, and unchanged only', async () => {
  const created = await run(['bundle', 'create', '--out', 's.tgz', '--sign', 'signer'])
  expect(created).toEqual({ exitCode: 0, stdout: 's.tgz\n', stderr: '' })
  const verify = (name: string) => run(['bundle', 'verify', 's.tgz', '--allowed-signers', `${name}.allowed`])
  expect(await verify('signer')).toEqual({ exitCode: 0, stdout: 'ok\n', stderr: '' })
  const stranger = expect.stringContaining('signature: the signer is not in')
  expect(await verify('stranger')).toMatchObject({ exitCode: 1, stdout: 'fail\n', stderr: stranger })
  await run(['bundle', 'create', '--out', 'other.tgz', '--to', '2025-01-01'])
  copyFileSync(pathOf('other.tgz'), pathOf('s.tgz'))
  const changed = expect.stringContaining('signature: it is not what signer@example.org signed')
  expect(await verify('signer')).toMatchObject({ exitCode: 1, stderr: changed })
  const refused = await run(['bundle', 'import', 's.tgz', '--allowed-signers', 'signer.allowed', '--dest', 'refused'])
  expect(refused).toMatchObject({ exitCode: 1, stderr: changed })
  await run(['bundle', 'create', '--out', 's.tgz'])
  expect(existsSync(pathOf('s.tgz.sig'))).toBe(false)
  expect(await verify('signer')).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('signature: there is no'),
  })
})

signedTest('a key that cannot sign is a usage error', async () => {
  const stderr = expect.stringContaining('ssh-keygen cannot sign with it')
  expect(await run(['bundle', 'create', '--out', 'n.tgz', '--sign', 'nothing'])).toMatchObject({ exitCode: 2, stderr })
  expect(existsSync(pathOf('n.tgz'))).toBe(false)
})
