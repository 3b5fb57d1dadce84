import { randomBytes } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import { ObjectStore } from '../../../kit/object-store/object-store.ts'
import type { ObjectStoreSettings } from '../../../kit/object-store/requests.ts'
import { BYTES_PER_MIB } from '../../../kit/sizes.ts'
import { useS3Server } from '../../helpers/server/s3-server.ts'

const server = useS3Server()
const storeOf = (more: Partial<ObjectStoreSettings> = {}, partBytes?: number) =>
  new ObjectStore({ ...server().settings, ...more }, partBytes)

async function* chunks(...parts: (string | Buffer)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield Buffer.from(part)
}

async function contentOf(store: ObjectStore, key: string): Promise<Buffer> {
  return buffer(await store.get(key))
}

const failureOf = async (promise: Promise<unknown>) => {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  return error
}

describe('an object', () => {
  test('is stored, read, measured and removed, whatever its name is', async () => {
    const store = storeOf()
    for (const key of ['plain', 'a/folder/with space', "signs +&=%'()!*~@", 'ümläut/日本']) {
      expect(await store.put(key, chunks('one, ', 'two'))).toBe(8)
      expect((await contentOf(store, key)).toString()).toBe('one, two')
      expect(await store.head(key)).toEqual({ key, sizeBytes: 8 })
      await store.delete(key)
      await store.delete(key)
      expect(await failureOf(store.head(key))).toMatchObject({ code: 'OBJECT_STORE_MISSING' })
    }
  })

  test('may be empty', async () => {
    const store = storeOf()
    expect(await store.put('empty', chunks())).toBe(0)
    expect((await contentOf(store, 'empty')).length).toBe(0)
  })

  test('that is large is sent in parts of one size, whatever the chunks are', async () => {
    const content = randomBytes(11 * BYTES_PER_MIB + 7)
    const store = storeOf({}, 5 * BYTES_PER_MIB)
    const { requests } = server()
    const given = chunks(content.subarray(0, 100), content.subarray(100, 8_000_000), content.subarray(8_000_000))
    expect(await store.put('large', given)).toBe(content.length)
    expect(requests.map((request) => request.replace(/uploadId=\w+/, 'uploadId=ID'))).toEqual([
      'POST /bucket/large?uploads=',
      'PUT /bucket/large?partNumber=1&uploadId=ID',
      'PUT /bucket/large?partNumber=2&uploadId=ID',
      'PUT /bucket/large?partNumber=3&uploadId=ID',
      'POST /bucket/large?uploadId=ID',
    ])
    expect((await contentOf(store, 'large')).equals(content)).toBe(true)
  })

  test('with a part that cannot be stored leaves none of its parts', async () => {
    const s3 = server()
    const store = new ObjectStore(s3.settings, 5 * BYTES_PER_MIB)
    s3.fault = ({ method, url }) => (method === 'PUT' && url?.includes('partNumber=2') ? 507 : undefined)
    expect(await failureOf(store.put('cut', chunks(randomBytes(6 * BYTES_PER_MIB))))).toMatchObject({
      code: 'OBJECT_STORE_FAILED',
      message: expect.stringMatching(/^cannot store cut: 127\.0\.0\.1:\d+ answers status 507$/),
    })
    expect(s3.requests.at(-1)).toMatch(/^DELETE \/bucket\/cut\?uploadId=/)
    s3.fault = undefined
    expect(await failureOf(store.head('cut'))).toMatchObject({ code: 'OBJECT_STORE_MISSING' })
  })

  test('whose source fails leaves nothing either', async () => {
    const s3 = server()
    const store = new ObjectStore(s3.settings, 5 * BYTES_PER_MIB)
    async function* failing() {
      yield randomBytes(11 * BYTES_PER_MIB)
      throw new Error('the disk is broken')
    }
    expect(await failureOf(store.put('failing', failing()))).toMatchObject({ message: 'the disk is broken' })
    expect(s3.requests.at(-1)).toMatch(/^DELETE /)
  })
})

test('objects are listed by prefix', async () => {
  const store = storeOf()
  for (const key of ['list/b', 'list/a +', 'list/c<&>', 'other']) await store.put(key, chunks('12'))
  const found = []
  for await (const object of store.list('list/')) found.push(object)
  expect(found).toEqual(['list/a +', 'list/b', 'list/c<&>'].map((key) => ({ key, sizeBytes: 2 })))
})

test('a list goes over several pages, and names may be encoded', async () => {
  const s3 = server()
  const page = (key: string, more: string) =>
    `<ListBucketResult><EncodingType>url</EncodingType>${more}<Contents><Key>${key}</Key><Size>3</Size></Contents></ListBucketResult>`
  s3.answers.push(
    page('a%2Bb+c', '<IsTruncated>true</IsTruncated><NextContinuationToken>t&amp;1</NextContinuationToken>'),
    page('d', '<IsTruncated>false</IsTruncated>'),
  )
  const keys = []
  for await (const { key } of new ObjectStore(s3.settings).list()) keys.push(key)
  expect(keys).toEqual(['a+b c', 'd'])
  expect(s3.requests[1]).toContain('continuation-token=t%261')
})

test('a large object that the store cannot complete is not taken for stored', async () => {
  const s3 = server()
  const begun = '<InitiateMultipartUploadResult><UploadId>id</UploadId></InitiateMultipartUploadResult>'
  s3.answers.push(begun, '', '', '<Error><Code>InternalError</Code></Error>')
  const store = new ObjectStore(s3.settings, 5 * BYTES_PER_MIB)
  expect(await failureOf(store.put('x', chunks(randomBytes(6 * BYTES_PER_MIB))))).toMatchObject({
    code: 'OBJECT_STORE_FAILED',
    message: 'cannot store x: the store answers InternalError',
  })
})

describe('a request', () => {
  test.each([503, 429, 500, 0])('that fails with %d is repeated', async (status) => {
    const s3 = server()
    const store = new ObjectStore(s3.settings)
    let failures = 2
    s3.fault = () => (failures-- > 0 ? status : undefined)
    await store.put('again', chunks('x'))
    expect(s3.requests).toHaveLength(3)
  })

  test('is not repeated for ever, and not where that does not help', async () => {
    const s3 = server()
    const store = new ObjectStore(s3.settings)
    s3.fault = () => 503
    expect(await failureOf(store.head('x'))).toMatchObject({ code: 'OBJECT_STORE_FAILED' })
    expect(s3.requests).toHaveLength(5)
    s3.requests.length = 0
    s3.fault = () => 403
    expect(await failureOf(store.head('x'))).toMatchObject({ code: 'OBJECT_STORE_DENIED' })
    expect(s3.requests).toHaveLength(1)
  })

  test('ends when the caller does not want it any more', async () => {
    const s3 = server()
    const stop = new AbortController()
    s3.fault = () => {
      stop.abort()
      return 503
    }
    const store = new ObjectStore(s3.settings)
    expect(await failureOf(store.put('x', chunks('x'), { signal: stop.signal }))).toMatchObject({ name: 'AbortError' })
    expect(s3.requests).toHaveLength(1)
  })
})

describe('an error says what to do', () => {
  test.each([
    ['the secret key', { secretAccessKey: 'a secret that nobody may see' }, 'OBJECT_STORE_DENIED', 'secret key'],
    ['the access key', { accessKeyId: 'nobody' }, 'OBJECT_STORE_DENIED', 'access key'],
    ['the bucket', { bucket: 'missing' }, 'OBJECT_STORE_MISSING', 'create the bucket missing'],
    ['the endpoint', { endpoint: 'http://127.0.0.1:1' }, 'OBJECT_STORE_UNREACHABLE', 'endpoint'],
  ])('when %s is wrong', async (_what, more, code, advice) => {
    const error = await failureOf(storeOf(more).put('x', chunks('x')))
    expect(error).toMatchObject({ code, hint: expect.stringContaining(advice) })
    expect(JSON.stringify(error) + String(error)).not.toContain('a secret that')
  })
})

test('Amazon’s buckets have host names, except for those that cannot be one', async () => {
  const urls: string[] = []
  const real = globalThis.fetch
  globalThis.fetch = async (request) => {
    urls.push(request instanceof Request ? request.url : String(request))
    return new Response()
  }
  try {
    const { endpoint: _, ...amazon } = server().settings
    for (const bucket of ['plain', 'with.dots']) await new ObjectStore({ ...amazon, bucket }).head('a b')
  } finally {
    globalThis.fetch = real
  }
  expect(urls).toEqual([
    'https://plain.s3.us-east-1.amazonaws.com/a%20b',
    'https://s3.us-east-1.amazonaws.com/with.dots/a%20b',
  ])
})
