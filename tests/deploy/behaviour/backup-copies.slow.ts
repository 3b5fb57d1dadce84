import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generateX25519Identity, identityToRecipient } from 'age-encryption'
import { beforeAll, expect, test } from 'vitest'
import { renderRoute } from '../../../templates/route.ts'
import { describeNeeding, isRoot } from '../../helpers/needs.ts'
import { runCli, runMain } from '../../helpers/process/run-ai-deploy.ts'
import { IMAGE, useDockerThatRunsHere } from '../../helpers/server/docker-that-runs-here.ts'
import { useS3Server } from '../../helpers/server/s3-server.ts'
import { sharedTempFolder } from '../../helpers/temp-folder.ts'

const RELEASE = '20261123-101112'
const SECRET = 'S3RVER'
/** Each test runs several processes. */
const TIME_LIMIT_MS = 90_000

describeNeeding('root', isRoot)('copies of backups', () => {
  useDockerThatRunsHere()
  const s3 = useS3Server()
  const cwd = sharedTempFolder()
  const path = sharedTempFolder({
    'certs/acme.json': '{}',
    'edge/dynamic/app.yml': renderRoute({ domain: 'a.example.com', live: RELEASE }, 8123),
    [`releases/${RELEASE}/manifest.json`]: JSON.stringify({
      ...{ version: 1, id: RELEASE, image: IMAGE, content: '', createdAt: '2026-11-23T10:11:12Z', files: {} },
    }),
  })
  beforeAll(async () => {
    const identity = await generateX25519Identity()
    writeFileSync(join(cwd, 'key.txt'), `${identity}\n`)
    writeFileSync(join(cwd, 'recipient'), await identityToRecipient(identity))
  })

  const setEnv = (more: Record<string, string> = {}) => {
    const { endpoint = '', region, bucket } = s3().settings
    const values = {
      ...{ API_KEYS: 'key', DOMAIN: 'a.example.com', BACKUP_TO: `s3://${bucket}/here`, BACKUP_S3_ENDPOINT: endpoint },
      ...{ BACKUP_S3_REGION: region, BACKUP_S3_ACCESS_KEY_ID: SECRET, BACKUP_S3_SECRET_ACCESS_KEY: SECRET },
      BACKUP_AGE_RECIPIENT: readFileSync(join(cwd, 'recipient'), 'utf8'),
      ...more,
    }
    const lines = Object.entries(values).map(([name, value]) => `${name}=${value}\n`)
    writeFileSync(join(path, '.env'), lines.join(''))
  }
  const server = ['--host', 'localhost', '--path', path]
  const run = (...args: string[]) => runMain([...args, ...server], { cwd })
  /** In a separate process, where relative paths begin at its folder. */
  const runThere = (...args: string[]) => {
    const { NODE_PATH = '', COMPILED = '' } = process.env
    return runCli([...args, ...server], { cwd, env: { NODE_PATH, COMPILED } })
  }
  const json = async (...args: string[]) => JSON.parse((await run(...args, '--json')).stdout)
  const backups = async () => (await json('backup', 'list')).result.backups
  let name = ''

  test(
    'settings that are not complete stop a backup before anything is written',
    async () => {
      setEnv({ BACKUP_AGE_RECIPIENT: '' })
      const { error } = await json('backup', 'create', '--yes')
      expect(error).toMatchObject({ code: 'CONFIG_INVALID', hint: expect.stringContaining('BACKUP_AGE_RECIPIENT') })
      expect(existsSync(join(path, 'backups'))).toBe(false)
    },
    TIME_LIMIT_MS,
  )

  test(
    'a backup that does not arrive is a warning, and the next one takes it along',
    async () => {
      setEnv({ BACKUP_S3_SECRET_ACCESS_KEY: 'another secret' })
      const first = await run('backup', 'create', '--yes')
      expect(first.exitCode, first.stderr).toBe(0)
      expect(first.stderr).toMatch(
        /Warning: ai-proxy-backup-\S+ did not arrive at s3:\/\/bucket\/here: .*SignatureDoesNotMatch; check the access key/,
      )
      expect(first.stderr + first.stdout).not.toContain('another secret')
      expect(existsSync(join(path, 'backups/copies.json'))).toBe(false)
      setEnv()
      const second = await run('backup', 'create', '--yes')
      expect(second.stderr).toContain('- send backups to s3://bucket/here, encrypted\n')
      expect(second.stderr).toMatch(/Sent \S+\.tar\.gz\.age, \S+\.tar\.gz\.age to s3:\/\/bucket\/here/)
      const rows: { name: string; copy: string }[] = await backups()
      expect(rows.every(({ copy }) => copy === 's3://bucket/here')).toBe(true)
      name = rows[0]?.name ?? ''
      expect(readdirSync(join(path, 'backups')).filter((one) => one.startsWith('.'))).toEqual([])
    },
    TIME_LIMIT_MS,
  )

  test(
    'one that is only elsewhere is listed, and fetched through the server',
    async () => {
      const plain = readFileSync(join(path, 'backups', name))
      rmSync(join(path, 'backups', name))
      const row = (await backups()).find((one: { name: string }) => one.name === name)
      expect(row).toMatchObject({ kind: 'copy', copy: 's3://bucket/here', release: null })
      expect((await json('backup', 'verify', name)).error.hint).toContain(`backup pull ${name}`)
      const pulled = await run('backup', 'pull', name)
      expect([pulled.exitCode, pulled.stdout], pulled.stderr).toEqual([0, `${join(cwd, `${name}.age`)}\n`])
      expect(pulled.stderr).toContain('--age-identity FILE')
      expect(readFileSync(join(cwd, `${name}.age`), 'latin1')).toMatch(/^age-encryption\.org\/v1\n/)
      renameSync(join(cwd, `${name}.age`), join(cwd, 'kept'))
      const decrypted = await runThere('backup', 'pull', name, '--age-identity', 'key.txt')
      expect([decrypted.exitCode, decrypted.stdout], decrypted.stderr).toEqual([0, `${join(cwd, name)}\n`])
      expect(readFileSync(join(cwd, name)).equals(plain)).toBe(true)
      expect(existsSync(join(cwd, `${name}.age`))).toBe(false)
      renameSync(join(cwd, 'kept'), join(cwd, `${name}.age`))
    },
    TIME_LIMIT_MS,
  )

  test(
    'an encrypted file is verified with its key, and only with that',
    async () => {
      const file = join(cwd, `${name}.age`)
      const verified = await run('backup', 'verify', file, '--age-identity', join(cwd, 'key.txt'))
      expect(verified.stdout, verified.stderr).toContain('files are as they were written')
      expect((await json('backup', 'verify', file)).error).toMatchObject({
        code: 'RESTORE_FAILED',
        message: `${file} is encrypted`,
      })
      const other = join(cwd, 'other.txt')
      writeFileSync(other, `${await generateX25519Identity()}\n`)
      expect((await json('backup', 'verify', file, '--age-identity', other)).error.message).toContain(
        `${file} cannot be decrypted with ${other}`,
      )
    },
    TIME_LIMIT_MS,
  )

  test(
    'no secret is left on the server but in .env',
    () => {
      const texts = ['audit.jsonl', 'state.json', 'backups/copies.json'].map((file) =>
        existsSync(join(path, file)) ? readFileSync(join(path, file), 'utf8') : '',
      )
      expect(texts.join('')).not.toContain(SECRET)
    },
    TIME_LIMIT_MS,
  )
})
