import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { ObjectStore } from '../../../kit/object-store/object-store.ts'
import { type StartedUpload, uploadFile } from '../../../kit/object-store/upload-file.ts'
import { sha256 } from '../../../kit/sha256.ts'
import { BYTES_PER_MIB } from '../../../kit/sizes.ts'
import { useS3Server } from '../../helpers/server/s3-server.ts'
import { sharedTempFolder } from '../../helpers/temp-folder.ts'

const server = useS3Server()
const CONTENT = randomBytes(10 * BYTES_PER_MIB + 7)
const folder = sharedTempFolder({ large: CONTENT, small: 'small' })
const LARGE = { path: join(folder, 'large'), sizeBytes: CONTENT.length, sha256: sha256(CONTENT) }
const SMALL = { path: join(folder, 'small'), sizeBytes: 5, sha256: sha256('small') }
const partBytes = 5 * BYTES_PER_MIB

const content = async (key: string) => buffer(await new ObjectStore(server().settings).get(key))

test('a file is stored once, and what is there under its key with other content stays', async () => {
  const { settings } = server()
  expect(await uploadFile(settings, 'a/small', SMALL)).toBe('stored')
  expect(await uploadFile(settings, 'a/small', SMALL)).toBe('present')
  expect(await uploadFile(settings, 'a/small', LARGE, { partBytes })).toBe('different')
  expect((await content('a/small')).toString()).toBe('small')
})

test('an upload that was cut off is continued with the parts that are missing', async () => {
  const s3 = server()
  let started: StartedUpload | undefined
  const onPart = (given: StartedUpload) => (started = JSON.parse(JSON.stringify(given)))
  s3.fault = ({ url }) => (url?.includes('partNumber=2') ? 0 : undefined)
  const options = { partBytes, onPart }
  await expect(uploadFile(s3.settings, 'large', LARGE, options)).rejects.toMatchObject({
    code: 'OBJECT_STORE_UNREACHABLE',
  })
  expect(started?.tags).toHaveLength(1)
  s3.fault = undefined
  s3.requests.length = 0
  expect(await uploadFile(s3.settings, 'large', LARGE, { ...options, started })).toBe('stored')
  const sent = s3.requests.map((request) =>
    request.replace(/\?.*partNumber/, '?partNumber').replace(/&?uploadId=\w+/, ''),
  )
  expect(sent).toEqual([
    'HEAD /bucket/large',
    'PUT /bucket/large?partNumber=2',
    'PUT /bucket/large?partNumber=3',
    'POST /bucket/large?',
    'HEAD /bucket/large',
  ])
  expect((await content('large')).equals(CONTENT)).toBe(true)
})

test('one that the store has forgotten, or of a file that has changed, begins again', async () => {
  const s3 = server()
  const started = { id: 'gone', partBytes, sha256: LARGE.sha256, tags: ['"a"', '"b"'] }
  s3.fault = ({ url }) => (url?.includes('uploadId=gone') ? 404 : undefined)
  expect(await uploadFile(s3.settings, 'forgotten', LARGE, { partBytes, started })).toBe('stored')
  const changed = { ...started, sha256: SMALL.sha256 }
  expect(await uploadFile(s3.settings, 'changed', LARGE, { partBytes, started: changed })).toBe('stored')
  for (const key of ['forgotten', 'changed']) expect((await content(key)).equals(CONTENT)).toBe(true)
})

test('a file that becomes shorter meanwhile is not stored', async () => {
  const { settings } = server()
  const path = join(folder, 'shrinking')
  writeFileSync(path, 'abc')
  await expect(uploadFile(settings, 'short', { ...SMALL, path })).rejects.toThrow('became shorter')
})
