import { randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { generateX25519Identity, identityToRecipient } from 'age-encryption'
import { beforeAll, describe, expect, test } from 'vitest'
import { decrypted } from '../../../kit/backup-copy/age.ts'
import { openStore, sendFiles } from '../../../kit/backup-copy/copies.ts'
import type { CopyTarget, SshTarget } from '../../../kit/backup-copy/copy-settings.ts'
import type { CopyResult } from '../../../kit/backup-copy/jobs.ts'
import { beginUpload } from '../../../kit/object-store/multipart.ts'
import { ObjectRequests } from '../../../kit/object-store/requests.ts'
import { sha256 } from '../../../kit/sha256.ts'
import { MS_PER_DAY } from '../../../kit/time.ts'
import { useS3Server } from '../../helpers/server/s3-server.ts'
import { describeWithSshServer } from '../../helpers/server/sshd.ts'
import { sharedTempFolder, tempFolder } from '../../helpers/temp-folder.ts'

const folder = sharedTempFolder()
/** Larger than the chunks of age and of streams. */
const CONTENT = randomBytes(700_001)
const [identities, recipients]: [string[], string[]] = [[], []]
beforeAll(async () => {
  writeFileSync(join(folder, 'a.tar.gz'), CONTENT)
  writeFileSync(join(folder, 'b.tar.gz'), 'b')
  for (let count = 0; count < 2; count++) {
    const identity = await generateX25519Identity()
    identities.push(`# created: today\n${identity}\n`)
    recipients.push(await identityToRecipient(identity))
  }
})

async function send(target: CopyTarget, names: string[], to: string[] = []): Promise<CopyResult[]> {
  const results = []
  for await (const result of sendFiles(folder, { target, recipients: to, names })) results.push(result)
  return results
}

async function fetched(target: CopyTarget, name: string): Promise<Buffer> {
  const store = await openStore(target)
  try {
    return await buffer(await store.get(name))
  } finally {
    store.close()
  }
}

describe('to a bucket', () => {
  const server = useS3Server()
  const bucket = (more = {}): CopyTarget => ({
    kind: 's3',
    prefix: 'some/prefix',
    store: { ...server().settings, ...more },
  })

  test('files are sent encrypted, for each recipient; others cannot read them', async () => {
    const target = bucket()
    const [result] = await send(target, ['a.tar.gz'], recipients)
    const stored = await fetched(target, 'a.tar.gz.age')
    expect(result).toEqual({
      name: 'a.tar.gz',
      storedAs: 'a.tar.gz.age',
      sizeBytes: stored.length,
      sha256: sha256(stored),
    })
    expect(stored.toString('latin1', 0, 21)).toBe('age-encryption.org/v1')
    for (const identity of identities) {
      expect((await buffer(await decrypted(Readable.from([stored]), identity))).equals(CONTENT)).toBe(true)
    }
    await expect(decrypted(Readable.from([stored]), await generateX25519Identity())).rejects.toThrow()
    await expect(decrypted(Readable.from([stored]), 'text')).rejects.toThrow('AGE-SECRET-KEY')
    stored.writeUInt8(stored.readUInt8(stored.length - 5) ^ 1, stored.length - 5)
    await expect(decrypted(Readable.from([stored]), identities.join('')).then(buffer)).rejects.toThrow()
  })

  test('files are sent in clear where that is wanted; missing ones are left out', async () => {
    const target = bucket()
    const results = await send(target, ['a.tar.gz', 'missing.tar.gz', 'b.tar.gz'])
    expect(results.map(({ name }) => name)).toEqual(['a.tar.gz', 'b.tar.gz'])
    expect((await fetched(target, 'a.tar.gz')).equals(CONTENT)).toBe(true)
  })

  test('parts of backups whose sender was killed are removed after a day, and nothing of others', async () => {
    const s3 = server()
    const requests = new ObjectRequests(s3.settings)
    const begin = async (key: string) => (await beginUpload(requests, { key })).id
    const name = 'ai-proxy-backup-20260901-101112.tar.gz'
    await begin(`some/prefix/${name}.age`)
    await begin(`some/prefix/${name}`)
    const others = [await begin(`some/prefix/photos/${name}`), await begin(name), await begin('some/prefix/x.tar.gz')]
    s3.uploads.makeOlder()
    const young = await begin(`some/prefix/${name}`)
    await send(bucket(), ['b.tar.gz'])
    const left = s3.uploads.all().map(({ id }) => id)
    expect(left.toSorted()).toEqual([...others, young].toSorted())
  })

  test('a store that refuses one refuses all, and is asked once', async () => {
    const target = bucket({ bucket: 'missing' })
    const { requests } = server()
    expect(await send(target, ['a.tar.gz', 'b.tar.gz'])).toEqual(
      ['a.tar.gz', 'b.tar.gz'].map((name) => ({
        name,
        problem: expect.stringContaining('NoSuchBucket'),
        hint: 'create the bucket missing, or correct its name',
      })),
    )
    expect(requests).toHaveLength(1)
  })
})

describeWithSshServer('to another machine by SSH', (server) => {
  const target = (more: Partial<SshTarget> = {}): SshTarget => {
    const { user, port, hostKey, folder: home } = server()
    const keyFile = join(home, 'key')
    return {
      ...{ kind: 'ssh', user, host: '127.0.0.1', port, folder: join(home, 'new/backups'), keyFile },
      hostKey: hostKey.fingerprint,
      ...more,
    }
  }

  test('files are sent whole, into a folder that is made, for its owner only', async () => {
    expect(await send(target(), ['a.tar.gz', 'b.tar.gz'])).toEqual([
      { name: 'a.tar.gz', storedAs: 'a.tar.gz', sizeBytes: CONTENT.length, sha256: sha256(CONTENT) },
      { name: 'b.tar.gz', storedAs: 'b.tar.gz', sizeBytes: 1, sha256: sha256('b') },
    ])
    const there = target().folder
    expect(readdirSync(there).toSorted()).toEqual(['a.tar.gz', 'b.tar.gz'])
    expect(readFileSync(join(there, 'a.tar.gz')).equals(CONTENT)).toBe(true)
    expect((statSync(join(there, 'a.tar.gz')).mode & 0o777).toString(8)).toBe('600')
    expect(await send(target(), ['a.tar.gz'])).toHaveLength(1)
    expect((await fetched(target(), 'a.tar.gz')).equals(CONTENT)).toBe(true)
  })

  test('parts of backups whose sender was killed are removed after a day, and nothing of others', async () => {
    const { folder: there } = target({ folder: join(server().folder, 'tidied') })
    mkdirSync(there)
    const name = 'ai-proxy-backup-20260901-101112.tar.gz'
    const then = new Date(Date.now() - 2 * MS_PER_DAY)
    const older = [`${name}.part`, `${name}.age.part`, name, 'x.part', `mine-${name}.part`]
    for (const one of older) {
      writeFileSync(join(there, one), '')
      utimesSync(join(there, one), then, then)
    }
    const young = 'ai-proxy-backup-20260902-101112.tar.gz.part'
    writeFileSync(join(there, young), '')
    await send(target({ folder: there }), ['b.tar.gz'])
    expect(readdirSync(there).toSorted()).toEqual([name, young, 'b.tar.gz', `mine-${name}.part`, 'x.part'])
  })

  test('a host key that is not known, or is another one, is shown with the line that pins it', async () => {
    const { fingerprint } = server().hostKey
    const hint = expect.stringContaining(`set BACKUP_SSH_HOST_KEY=${fingerprint} in .env on the server`)
    expect(await send(target({ hostKey: '' }), ['b.tar.gz'])).toEqual([
      { name: 'b.tar.gz', problem: `the host key of 127.0.0.1 is not known; it shows ${fingerprint}`, hint },
    ])
    const other = `SHA256:${'x'.repeat(43)}`
    expect(await send(target({ hostKey: other }), ['b.tar.gz'])).toEqual([
      {
        name: 'b.tar.gz',
        problem: `the host key of 127.0.0.1 is ${fingerprint}, not the ${other} of BACKUP_SSH_HOST_KEY`,
        hint,
      },
    ])
  })

  test('a machine, a key or a folder that cannot be used is named', async () => {
    const problem = async (more: Partial<SshTarget>) => {
      const [result] = await send(target(more), ['b.tar.gz'])
      return result && 'problem' in result ? result.problem : result
    }
    expect(await problem({ port: 1 })).toContain('ECONNREFUSED')
    const noKey = join(tempFolder({ key: 'not a key' }), 'key')
    expect(await problem({ keyFile: noKey })).toContain('cannot be used')
    const file = tempFolder({ file: '' })
    mkdirSync(join(file, 'there'))
    expect(await problem({ folder: join(file, 'file/below') })).toContain(`${join(file, 'file/below')} cannot be used`)
  })
})
