import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { beforeAll, expect, test } from 'vitest'
import { fetchChunks, findBundle } from '../../../../deploy/commands/logs-pull/fetch-chunks.ts'
import type { Argv } from '../../../../deploy/host/argv.ts'
import type { RemoteProcess } from '../../../../deploy/host/host.ts'
import { LocalHost } from '../../../../deploy/host/local-host.ts'
import { CHUNK_BYTES } from '../../../../deploy/remote/logdb/bundles.ts'
import { PassingHost } from '../../../helpers/server/passing-host.ts'
import { sharedTempFolder, tempFolder } from '../../../helpers/temp-folder.ts'

const folder = sharedTempFolder()
const host = new LocalHost({ kind: 'root' })
const file = 'pull-a.tgz'
const content = randomBytes(3 * CHUNK_BYTES + 1000)
beforeAll(() => {
  mkdirSync(join(folder, 'bundles'))
  writeFileSync(join(folder, 'bundles', file), content)
})

async function fetch(target: string, from: PassingHost | LocalHost = host): Promise<number> {
  const bundle = await findBundle(host, folder, file)
  if (bundle === undefined) throw new Error('there is no bundle')
  return fetchChunks({ host: from, folder, file, target }, bundle)
}

/** Its connection ends after so many bytes of a bundle. */
class CutHost extends PassingHost {
  readonly #bytes: number

  constructor(bytes: number) {
    super(host)
    this.#bytes = bytes
  }

  override async start(argv: Argv): Promise<RemoteProcess> {
    const process = await this.inner.start(argv)
    const stdout = new PassThrough()
    let left = this.#bytes
    process.stdout.on('data', (data: Buffer) => {
      if (left > 0) stdout.write(data.subarray(0, left))
      left -= data.length
      if (left <= 0) stdout.end()
    })
    return { stdout, write: (text) => process.write(text), end: () => process.end() }
  }
}

test('a bundle that is not there is not found, and an empty one is', async () => {
  expect(await findBundle(host, folder, 'pull-b.tgz')).toBeUndefined()
  writeFileSync(join(folder, 'bundles/empty'), '')
  expect(await findBundle(host, folder, 'empty')).toEqual({ sizeBytes: 0, chunks: [] })
})

test('after a cut at most one chunk comes again', async () => {
  const target = join(tempFolder(), 'part')
  const cut = 2.5 * CHUNK_BYTES
  await expect(fetch(target, new CutHost(cut))).rejects.toMatchObject({ code: 'SSH_UNREACHABLE' })
  expect(await fetch(target)).toBe(content.length - 2 * CHUNK_BYTES)
  expect(readFileSync(target).equals(content)).toBe(true)
  expect(await fetch(target)).toBe(0)
})

test.each([
  [
    'a byte that is wrong',
    (part: Buffer) => part.writeUInt8(part.readUInt8(CHUNK_BYTES + 7) ^ 1, CHUNK_BYTES + 7),
    CHUNK_BYTES,
  ],
  ['too much', undefined, 0],
] as const)('what is here is repaired and not trusted: %s', async (_what, damage, bytes) => {
  const target = join(tempFolder(), 'part')
  const part = Buffer.concat([content, Buffer.from(damage === undefined ? 'more' : '')])
  damage?.(part)
  writeFileSync(target, part)
  const fetched = await fetch(target)
  expect(readFileSync(target).equals(content)).toBe(true)
  expect(fetched).toBeGreaterThanOrEqual(bytes)
  expect(fetched).toBeLessThanOrEqual(CHUNK_BYTES)
})

test('a file that lost its end gets it again', async () => {
  const target = join(tempFolder(), 'part')
  writeFileSync(target, content)
  truncateSync(target, CHUNK_BYTES + 5)
  expect(await fetch(target)).toBe(content.length - CHUNK_BYTES)
  expect(readFileSync(target).equals(content)).toBe(true)
})
