import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { ObjectStore } from '../../../kit/object-store/object-store.ts'
import { ObjectRequests } from '../../../kit/object-store/requests.ts'
import { type StartedUpload, uploadFile } from '../../../kit/object-store/upload-file.ts'
import { sha256 } from '../../../kit/sha256.ts'
import { BYTES_PER_MIB } from '../../../kit/sizes.ts'
import { type S3Server, useS3Server } from '../../helpers/server/s3-server.ts'
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

/** Begins an upload of the large file, which is cut off after its first part. */
async function cutOff(s3: S3Server, key: string): Promise<StartedUpload> {
  const noted: StartedUpload[] = []
  s3.fault = ({ url }) => (url?.includes('partNumber=2') ? 0 : undefined)
  const onPart = (given: StartedUpload) => void noted.push(structuredClone(given))
  await expect(uploadFile(s3.settings, key, LARGE, { partBytes, onPart })).rejects.toThrow()
  s3.fault = undefined
  expect(noted.map(({ tags }) => tags.length)).toEqual([0, 1])
  return noted.at(-1) as StartedUpload
}

test('one that the store has forgotten begins again', async () => {
  const s3 = server()
  const started = { id: 'gone', partBytes, sha256: LARGE.sha256, tags: ['"a"', '"b"'] }
  s3.fault = ({ url }) => (url?.includes('uploadId=gone') ? 404 : undefined)
  expect(await uploadFile(s3.settings, 'forgotten', LARGE, { partBytes, started })).toBe('stored')
  expect((await content('forgotten')).equals(CONTENT)).toBe(true)
})

test('parts that no object will need are removed', async () => {
  const s3 = server()
  const { settings, uploads } = s3
  const changed = await cutOff(s3, 'changed')
  expect(uploads.all()).toEqual([{ key: 'changed', id: changed.id, parts: 1 }])
  expect(await uploadFile(settings, 'changed', SMALL, { started: changed })).toBe('stored')
  const smaller = await cutOff(s3, 'smaller parts')
  const options = { partBytes: partBytes + 1, started: smaller }
  expect(await uploadFile(settings, 'smaller parts', LARGE, options)).toBe('stored')
  const late = await cutOff(s3, 'late')
  await uploadFile(settings, 'late', SMALL)
  expect(await uploadFile(settings, 'late', LARGE, { partBytes, started: late })).toBe('different')
  expect(uploads.all()).toEqual([])
  expect((await content('changed')).toString()).toBe('small')
  expect((await content('smaller parts')).equals(CONTENT)).toBe(true)
})

test('parts that cannot be removed do not keep another file from being stored', async () => {
  const s3 = server()
  const started = await cutOff(s3, 'kept')
  s3.fault = ({ method }) => (method === 'DELETE' ? 403 : undefined)
  expect(await uploadFile(s3.settings, 'kept', SMALL, { started })).toBe('stored')
})

test('a store that completes an object and cannot say so is not sent it again', async () => {
  const s3 = server()
  const complete = /^POST \/bucket\/complete\?uploadId=/
  s3.answered = (request) => (complete.test(request) ? 0 : undefined)
  expect(await uploadFile(s3.settings, 'complete', LARGE, { partBytes })).toBe('stored')
  s3.answered = undefined
  expect(s3.requests.filter((request) => request.startsWith('PUT'))).toHaveLength(3)
  expect((await content('complete')).equals(CONTENT)).toBe(true)
})

test('half an object with the SHA-256 of the whole one is not taken for it, and is replaced', async () => {
  const s3 = server()
  const requests = new ObjectRequests(s3.settings)
  const headers = { 'x-amz-meta-sha256': LARGE.sha256 }
  await requests.send({ method: 'PUT', key: 'half', body: CONTENT.subarray(0, partBytes), headers, what: 'store half' })
  expect(await uploadFile(s3.settings, 'half', LARGE, { partBytes })).toBe('stored')
  expect((await content('half')).equals(CONTENT)).toBe(true)
})

test('a file that becomes shorter meanwhile is not stored', async () => {
  const { settings } = server()
  const path = join(folder, 'shrinking')
  writeFileSync(path, 'abc')
  await expect(uploadFile(settings, 'short', { ...SMALL, path })).rejects.toThrow('became shorter')
})
