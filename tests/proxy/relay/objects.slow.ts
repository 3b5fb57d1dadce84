import { expect, test } from 'vitest'
import { errorOf, type GatewayOptions, startGateway } from '../../helpers/gateway/gateway.ts'
import { exchangeRaw } from '../../helpers/gateway/raw-client.ts'
import { type RawRequest, reply, startBeforeRaw, startRawUpstream } from '../../helpers/gateway/raw-upstream.ts'

const ALICE = { authorization: 'Bearer alice-key-0123456789' }
const BOB = { authorization: 'Bearer bob-key-0123456789' }
const API_KEYS = 'alice:alice-key-0123456789,bob:bob-key-0123456789'
const FORM = '--b\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\nx\r\n--b--\r\n'
/** A form of these names and values. */
function field(...parts: string[]): string {
  const names = parts.filter((_, at) => at % 2 === 0)
  const all = names.map(
    (name, at) => `--b\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${parts[2 * at + 1]}\r\n`,
  )
  return `${all.join('')}--b--\r\n`
}
const MULTIPART = { 'content-type': 'multipart/form-data; boundary=b' }

/** A provider of files and batches, in whose lists are objects of all callers, two on each page. */
async function startFiles(options: GatewayOptions = {}) {
  const made: { id: string; object: string }[] = []
  const answer = ({ path }: RawRequest, method: string): string => {
    const [, kind = '', id, action] = path.split(/[/?]/)
    if (method === 'POST' && (id === undefined || action === 'cancel')) {
      const one = { id: `${kind}-${made.length}`, object: kind, output_file_id: `out-${made.length}` }
      made.push(one)
      return reply(200, one)
    }
    if (id !== undefined && !path.includes('?')) return reply(200, { id, object: kind })
    const [, direction, other] = /[?&](after|before)(?:_id)?=([\w-]+)/.exec(path) ?? []
    const at = made.findIndex((one) => one.id === other)
    const start = direction === 'before' ? Math.max(0, at - 2) : at + 1
    const data = made.slice(start, direction === 'before' ? at : start + 2)
    return reply(200, {
      object: 'list',
      data,
      first_id: data[0]?.id,
      last_id: data.at(-1)?.id,
      has_more: direction === 'before' ? start > 0 : start + 2 < made.length,
    })
  }
  const started = await startBeforeRaw(
    (socket, request) => void socket.write(answer(request, request.body === '' ? 'GET' : 'POST')),
    { ...options, environment: { API_KEYS, OPENAI_API_KEY: 'org-a,org-b', ...options.environment } },
  )
  const upload = async (key: Record<string, string>) => {
    const { text } = await started.gateway.post(FORM, { ...MULTIPART, ...key }, '/v1/files')
    return JSON.parse(text).id as string
  }
  return { ...started, upload }
}

test('a file and a batch belong to the API key that made them', async () => {
  const { gateway, upstream, upload } = await startFiles()
  const file = await upload(ALICE)
  const batchOf = (key: object) => gateway.post({ input_file_id: file, endpoint: '/v1/x' }, { ...key }, '/v1/batches')
  const batch = JSON.parse((await batchOf(ALICE)).text)
  const before = upstream.requests.length
  const foreign = await batchOf(BOB)
  expect([foreign.status, errorOf(foreign)]).toEqual([
    404,
    expect.objectContaining({ code: 'object_not_found', param: 'input_file_id' }),
  ])
  const paths = [`files/${file}`, `files/${file}/content`, `batches/${batch.id}`, `files/${batch.output_file_id}`]
  for (const path of paths) {
    expect([path, (await gateway.get(`/v1/${path}`, BOB)).status]).toEqual([path, 404])
    expect([path, (await gateway.get(`/v1/${path}`, ALICE)).status]).toEqual([path, 200])
  }
  expect(upstream.requests.length - before).toBe(paths.length)
  expect((await gateway.get('/v1/files/file-elsewhere', BOB)).status).toBe(200)
})

test('the results of a batch belong to its maker, also if only a list names them', async () => {
  const results = { output_file_id: 'out-1', error_file_id: 'errors-1' }
  const { gateway } = await startBeforeRaw(
    (socket, { path, body }) => {
      const isList = path === '/batches' && body === ''
      const batch = { id: 'batch-1', object: 'batch', ...(isList && results) }
      socket.write(
        reply(200, isList ? { object: 'list', data: [batch, { id: 'batch-2', output_file_id: 'x' }] } : batch),
      )
    },
    { environment: { API_KEYS } },
  )
  await gateway.post({ input_file_id: 'file-elsewhere' }, ALICE, '/v1/batches')
  expect(JSON.parse((await gateway.get('/v1/batches', ALICE)).text).data).toMatchObject([results])
  for (const [id, status] of [
    ['out-1', 404],
    ['errors-1', 404],
    ['x', 200],
  ] as const) {
    expect([id, (await gateway.get(`/v1/files/${id}/content`, BOB)).status]).toEqual([id, status])
    expect((await gateway.get(`/v1/files/${id}/content`, ALICE)).status).toBe(200)
  }
})

test.for([
  ['text', 'batches', 'text/plain', (id: string) => JSON.stringify({ input_file_id: id })],
  ['a form', 'batches', 'multipart/form-data; boundary=b', (id: string) => field('input_file_id', id)],
  ['fields of a URL', 'batches', 'application/x-www-form-urlencoded', (id: string) => `input_file_id=${id}`],
  [
    'a form',
    'responses/compact',
    'multipart/form-data; boundary=b',
    (id: string) => field('model', 'mine', 'file_id', id),
  ],
  ['text', 'audio/transcriptions', 'text/plain', (id: string) => `file_id=${id}`],
  ['a form', 'audio/speech', 'multipart/form-data; boundary=b', (id: string) => field('model', 'mine', 'file_id', id)],
] as const)('%s is not a body of %s: nothing in it is passed on unseen', async ([, path, type, body]) => {
  const { gateway, upstream, upload } = await startFiles()
  const file = await upload(ALICE)
  const { status } = await gateway.post(body(file), { 'content-type': type, ...BOB }, `/v1/${path}`)
  expect([status, upstream.requests.length]).toEqual([415, 1])
})

test('a form names a file only of its owner, also after a large part', async () => {
  const { gateway, upstream, upload } = await startFiles({ mappings: { mine: 'openai:mine' } })
  const file = await upload(ALICE)
  const post = (key: object, ...parts: string[]) =>
    gateway.post(field('model', 'mine', ...parts), { ...MULTIPART, ...key }, '/v1/audio/transcriptions')
  for (const parts of [
    ['file_id', file],
    ['file', 'x'.repeat(2 ** 20), 'file_ids[]', file],
  ]) {
    const foreign = await post(BOB, ...parts)
    expect([foreign.status, errorOf(foreign).code]).toEqual([404, 'object_not_found'])
  }
  const blank = await gateway.post({ input_file_id: ` ${file} ` }, BOB, '/v1/batches')
  expect([blank.status, errorOf(blank).code]).toEqual([404, 'object_not_found'])
  expect(upstream.requests.filter(({ body }) => body.endsWith('--b--\r\n'))).toHaveLength(1)
  expect((await post(ALICE, 'file_id', file)).status).toBe(200)
})

test.for(['', 'x'.repeat(2 ** 20)])('a form without an end never looks whole to a provider', async (large) => {
  const { gateway, upstream } = await startFiles({ mappings: { mine: 'openai:mine' } })
  const body = field('model', 'mine', 'file', large).replace(/--b--\r\n$/, '--')
  const { status, text } = await gateway.post(body, { ...MULTIPART, ...ALICE }, '/v1/audio/transcriptions')
  expect([status, text]).toEqual([400, expect.stringContaining('The form cannot be read.')])
  expect(upstream.requests).toEqual([])
})

test('a path that is only an action may have any content type', async () => {
  const { gateway, upload } = await startFiles()
  const file = await upload(ALICE)
  const batch = JSON.parse((await gateway.post({ input_file_id: file }, ALICE, '/v1/batches')).text)
  const headers = { 'content-type': 'application/x-www-form-urlencoded', ...ALICE }
  expect((await gateway.post('', headers, `/v1/batches/${batch.id}/cancel`)).status).toBe(200)
})

test('nothing after a # in a target reaches the provider', async () => {
  const { gateway, upstream, upload } = await startFiles()
  const [ofAlice, ofBob] = [await upload(ALICE), await upload(BOB)]
  const target = `/v1/files/${ofBob}#/../${ofAlice}/content`
  const head = `GET ${target} HTTP/1.1\r\nhost: localhost\r\nauthorization: ${BOB.authorization}\r\nconnection: close\r\n\r\n`
  expect((await exchangeRaw(gateway.url, head)).received).toMatch(/^HTTP\/1.1 200 /)
  expect(upstream.requests.at(-1)?.path).toMatch(new RegExp(`/files/${ofBob}$`))
})

test('ids may be long', async () => {
  const { gateway } = await startFiles()
  expect((await gateway.get(`/v1/files/${'a'.repeat(256)}`, BOB)).status).toBe(200)
  expect((await gateway.get(`/v1/files/${'a'.repeat(257)}`, BOB)).status).toBe(404)
})

test.for(['text/json', 'text/plain', 'application/octet-stream'])(
  'a file whose answer is %s has an owner',
  async (type) => {
    const { gateway } = await startBeforeRaw((socket) => void socket.write(reply(200, { id: 'file-1' }, type)), {
      environment: { API_KEYS },
    })
    await gateway.post(FORM, { ...MULTIPART, ...ALICE }, '/v1/files')
    expect((await gateway.get('/v1/files/file-1', BOB)).status).toBe(404)
    expect((await gateway.get('/v1/files/file-1', ALICE)).status).toBe(200)
  },
)

test('who asks for an object that is not known does not become its owner', async () => {
  const { gateway } = await startFiles()
  await gateway.get('/v1/batches/batch-elsewhere', BOB)
  const list = await gateway.get('/v1/batches?limit=1', BOB)
  expect(JSON.parse(list.text).data).toEqual([])
  expect((await gateway.get('/v1/batches/batch-elsewhere', ALICE)).status).toBe(200)
})

test('an object is asked for with the key that made it', async () => {
  const { gateway, upstream, upload } = await startFiles()
  const file = await upload(ALICE)
  const used = () => upstream.requests.at(-1)?.headers['authorization']
  expect(used()).toBe('Bearer org-a')
  for (let at = 0; at < 3; at++) {
    await gateway.get(`/v1/files/${file}`, ALICE)
    expect(used()).toBe('Bearer org-a')
  }
})

test('a list shows only what belongs to the caller, on every page', async () => {
  const { gateway, upload } = await startFiles()
  const keys = [ALICE, BOB, BOB, BOB, BOB, ALICE, BOB]
  const ids: string[] = []
  for (const key of keys) ids.push(await upload(key))
  const page = async (key: Record<string, string>, query = '') => {
    const { text, headers } = await gateway.get(`/v1/files${query}`, key)
    expect(headers['content-length']).toBe(String(Buffer.byteLength(text)))
    const { data, first_id, last_id, has_more } = JSON.parse(text)
    return { ids: data.map(({ id }: { id: string }) => id), first_id, last_id, has_more }
  }
  expect(await page(ALICE)).toEqual({ ids: [ids[0]], first_id: ids[0], last_id: ids[0], has_more: true })
  // The next page has nothing of this caller, and the one after it has.
  expect(await page(ALICE, `?limit=2&after=${ids[0]}`)).toMatchObject({ ids: [ids[5]], has_more: false })
  expect((await page(BOB)).ids).toEqual([ids[1]])
  expect((await page(BOB, `?after=${ids[1]}`)).ids).toEqual(ids.slice(2, 4))
})

test('a page before an object continues towards the beginning', async () => {
  const { gateway, upload } = await startFiles()
  const ids: string[] = []
  for (const key of [ALICE, ALICE, BOB, BOB, BOB, BOB, ALICE]) ids.push(await upload(key))
  for (const [query, headers] of [
    [`?before=${ids[6]}`, {}],
    [`?limit=2&before_id=${ids[6]}`, { 'anthropic-version': '2023-06-01' }],
  ] as const) {
    const { text } = await gateway.get(`/v1/files${query}`, { ...ALICE, ...headers })
    const { data, has_more } = JSON.parse(text)
    expect([data.map(({ id }: { id: string }) => id), has_more]).toEqual([ids.slice(0, 2), false])
  }
})

test('a list that cannot be read is not shown to one of several callers', async () => {
  const { gateway } = await startBeforeRaw((socket) => void socket.write(reply(200, 'file-of-someone', 'text/plain')), {
    environment: { API_KEYS },
  })
  const answer = await gateway.get('/v1/files', ALICE)
  expect([answer.status, answer.text.includes('someone')]).toEqual([502, false])
})

test('with one API key a list is passed on as it is', async () => {
  const list = '{ "data" : [ {"id":"file-of-someone"} ] }'
  const { gateway } = await startBeforeRaw((socket) => void socket.write(reply(200, list)), {
    environment: { API_KEYS: 'alice:alice-key-0123456789' },
  })
  expect((await gateway.get('/v1/files', ALICE)).text).toBe(list)
})

test('without a model, the provider is the only one, the usual one, or the one in x-provider', async () => {
  const local = { base_url: 'http://127.0.0.1:1/v1', key_required: false }
  const { gateway, upstream } = await startFiles({
    mappings: { 'gpt-*': 'openai:*', 'claude-*': 'claude:*', llama: 'local:llama', gem: 'gemini:gem' },
    config: {
      providers: { local, claude: { ...local, apis: ['messages'] } },
      limits: { keys: { bob: { models: ['llama', 'gem', 'claude-*'] } } },
    },
  })
  const asked = async (key: Record<string, string>, headers: Record<string, string> = {}) => {
    const answer = await gateway.get('/v1/files/some-file', { ...key, ...headers })
    return [answer.status, answer.status === 200 ? null : errorOf(answer).code]
  }
  expect(await asked(ALICE)).toEqual([200, null])
  expect(upstream.requests).toHaveLength(1)
  expect(await asked(ALICE, { 'x-provider': 'local' })).toEqual([502, 'upstream_unreachable'])
  expect(await asked(BOB)).toEqual([400, 'provider_required'])
  for (const name of ['openai', 'gemini', 'echo', 'nothing']) {
    expect([name, ...(await asked(BOB, { 'x-provider': name }))]).toEqual([name, 403, 'provider_not_allowed'])
  }
  expect(upstream.requests).toHaveLength(1)
})

test('Anthropic is asked in its own way, also by a client that names no version of its API', async () => {
  const pages = ['a', 'b'].map((id, at) => ({ data: [{ id }], first_id: id, last_id: id, has_more: at === 0 }))
  const upstream = await startRawUpstream((socket, { path }) => {
    const page = path.endsWith('after_id=a') ? pages[1] : pages[0]
    socket.write(reply(200, path === '/files/a' ? { id: 'a' } : page))
  })
  const gateway = await startGateway({
    environment: { API_KEYS, ANTHROPIC_API_KEY: 'upstream-key-1', ANTHROPIC_BASE_URL: upstream.url },
    mappings: { 'claude-*': 'anthropic:*' },
  })
  const asked = { ...ALICE, 'x-provider': 'anthropic' }
  expect((await gateway.get('/v1/files/a', asked)).status).toBe(200)
  expect(JSON.parse((await gateway.get('/v1/files', asked)).text)).toMatchObject({ data: [], has_more: false })
  expect(upstream.requests.map(({ path }) => path)).toEqual(['/files/a', '/files', '/files?after_id=a'])
  for (const { headers } of upstream.requests) {
    expect(headers).toMatchObject({ 'x-api-key': 'upstream-key-1', 'anthropic-version': '2023-06-01' })
    expect(headers).not.toHaveProperty('authorization')
  }
})

test.for([
  ['*-mini', 200],
  ['o3', 403],
  ['claude-*', 403],
] as const)(
  'a key for %s may name the provider of gpt-* where both have names in common: %s',
  async ([pattern, status]) => {
    const { gateway } = await startFiles({
      mappings: { 'gpt-*': 'openai:*', 'claude-*': 'claude:*' },
      config: {
        providers: { claude: { base_url: 'http://127.0.0.1:1/v1', apis: ['messages'], key_required: false } },
        limits: { keys: { bob: { models: [pattern] } } },
      },
    })
    expect((await gateway.get('/v1/files/some-file', { ...BOB, 'x-provider': 'openai' })).status).toBe(status)
  },
)

test('a key that may use only some models uses no others through a batch', async () => {
  const { gateway, upstream } = await startFiles({
    mappings: { good: 'claude:good', bad: 'claude:bad', far: 'openai:far' },
    config: {
      providers: { claude: { base_url: 'http://127.0.0.1:1', apis: ['messages'], key_required: false } },
      limits: { keys: { bob: { models: ['good', 'far'] } } },
    },
  })
  const batch = (...models: string[]) => ({
    requests: models.map((model) => ({ custom_id: model, params: { model } })),
  })
  const codes = []
  for (const body of [batch('good', 'bad'), batch('good', 'far'), { requests: [{ params: {} }] }, { requests: [] }]) {
    const { status, text } = await gateway.post(body, BOB, '/v1/messages/batches')
    codes.push([status, JSON.parse(text).error.type])
  }
  expect(codes).toEqual([
    [403, 'permission_error'],
    [400, 'invalid_request_error'],
    [400, 'invalid_request_error'],
    [400, 'invalid_request_error'],
  ])
  const file = await gateway.post({ input_file_id: 'file-1' }, BOB, '/v1/batches')
  expect([file.status, errorOf(file).code]).toEqual([403, 'model_not_allowed'])
  const images = await gateway.post({ prompt: 'a cat' }, BOB, '/v1/images/generations')
  expect([images.status, errorOf(images).code]).toEqual([400, 'missing_required_parameter'])
  expect(upstream.requests).toEqual([])
})

test('the models of a batch are replaced in place', async () => {
  const { gateway, upstream } = await startFiles({
    mappings: { fast: 'claude:haiku', best: 'claude:opus' },
    environment: { API_KEYS: '' },
  })
  const body =
    '{"requests": [{"params":{ "model" : "fast","n":1}}, {"params":{"model":"best"}}, {"params":{"model":"fast"}}]}'
  await gateway.post(body, {}, '/v1/messages/batches')
  expect(upstream.requests[0]?.body).toBe(body.replaceAll('fast', 'haiku').replace('best', 'opus'))
  expect(upstream.requests[0]).toMatchObject({
    path: '/messages/batches',
    headers: { 'anthropic-version': '2023-06-01' },
  })
})
