import * as zlib from 'node:zlib'
import { expect, test } from 'vitest'
import { chat, errorOf, startWithUpstream } from '../../helpers/gateway/gateway.ts'

const BODY = JSON.stringify(chat('mock/normal', { padding: 'x'.repeat(5_000) }))
const { zstdCompressSync } = zlib as { zstdCompressSync?: (body: string) => Buffer }
const CODINGS: [name: string, compress: (body: string) => Buffer][] = [
  ['gzip', zlib.gzipSync],
  ['x-gzip', zlib.gzipSync],
  ['GZIP', zlib.gzipSync],
  ['br', zlib.brotliCompressSync],
  ['identity', Buffer.from],
  ['identity, gzip', zlib.gzipSync],
  ...(zstdCompressSync ? [['zstd', zstdCompressSync] as [string, (body: string) => Buffer]] : []),
]

test.for(CODINGS)('a body in %s is decoded, and its record has it in clear', async ([coding, compress]) => {
  const { gateway, upstream } = await startWithUpstream()
  const sent = compress(BODY)
  const response = await gateway.post(sent, { 'content-encoding': coding })
  expect(response.status, response.text).toBe(200)
  expect(upstream.requests[0]?.body).toBe(BODY)
  expect(upstream.requests[0]?.headers).not.toHaveProperty('content-encoding')
  const [record] = await gateway.records(1)
  expect(record).toMatchObject({ bytes_in: sent.length, request: JSON.parse(BODY) })
})

test.for(['compress', 'gzip, br', 'deflate', ...(zstdCompressSync ? [] : ['zstd'])])(
  'any other coding (%s) is refused with those that are taken',
  async (coding) => {
    const { gateway } = await startWithUpstream()
    const response = await gateway.post(zlib.gzipSync(BODY), { 'content-encoding': coding })
    expect([response.status, errorOf(response).code]).toEqual([415, 'unsupported_encoding'])
    expect(errorOf(response).message).toContain('gzip, br')
    expect(response.headers['accept-encoding']).toBe(zstdCompressSync ? 'gzip, br, zstd' : 'gzip, br')
    expect((await gateway.records(1))[0]).toMatchObject({ status_code: 415, outcome: 'rejected' })
  },
)

test('the limit is for the decoded body, and decoding stops there', async () => {
  const { gateway } = await startWithUpstream({ config: { limits: { body_mib: 1 } } })
  const bomb = zlib.gzipSync(Buffer.alloc(200_000_000, 0x20))
  const response = await gateway.post(bomb, { 'content-encoding': 'gzip' })
  expect([response.status, errorOf(response).code]).toEqual([413, 'request_too_large'])
  const [record] = await gateway.records(1)
  expect(record).toMatchObject({ outcome: 'rejected', request: { _invalid_body: ' '.repeat(4096) } })
  expect((await gateway.post(chat('mock/normal'))).status).toBe(200)
})

test('bytes that decode to nothing are limited too', async () => {
  const { gateway } = await startWithUpstream({ config: { limits: { body_mib: 1 } } })
  const empty = zlib.gzipSync('')
  const nothing = Buffer.concat(Array(Math.ceil((2 * 2 ** 20) / empty.length)).fill(empty))
  expect((await gateway.post(nothing, { 'content-encoding': 'gzip' })).status).toBe(413)
})

test.for(['not compressed', 'cut off'])(
  'a body that cannot be decoded (%s) is an error of the client',
  async (kind) => {
    const { gateway } = await startWithUpstream()
    const body = kind === 'cut off' ? zlib.gzipSync(BODY).subarray(0, 40) : Buffer.from(BODY)
    const response = await gateway.post(body, { 'content-encoding': 'gzip' })
    expect([response.status, errorOf(response).message]).toEqual([400, expect.stringContaining('gzip')])
    expect((await gateway.records(1))[0]).toMatchObject({ status_code: 400, outcome: 'rejected' })
  },
)
