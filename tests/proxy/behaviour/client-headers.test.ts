import { expect, test } from 'vitest'
import { chat, dialogWithFirst, startGateway } from '../../helpers/gateway/gateway.ts'
import { completion, reply, startBeforeRaw, startRawUpstream } from '../../helpers/gateway/raw-upstream.ts'

const MESSAGE = { id: 'm', type: 'message', content: [], stop_reason: 'end_turn' }
const SESSION = {
  'session-id': 's1',
  'x-claude-code-session-id': 's2',
  traceparent: '00-0af7-b7ad-01',
  'idempotency-key': 'i',
}
const OPENAI = {
  'openai-beta': 'b',
  'openai-organization': 'org-1',
  'openai-project': 'proj-1',
  'x-codex-beta-features': 'f',
}
const ANTHROPIC = { 'anthropic-beta': 'ok-2025', 'anthropic-version': '2024-01-01' }
/** Nobody may send these on in the name of the gateway. */
const NEVER = {
  cookie: 'c=1',
  'x-forwarded-for': '10.0.0.1',
  'x-api-key': 'gateway-key',
  referer: 'http://a',
  'x-other': 'o',
}
const ALL = { ...SESSION, ...OPENAI, ...ANTHROPIC, ...NEVER }
const KEY = { API_KEYS: 'gateway-key' }

async function startAll(config: object = {}) {
  const upstream = await startRawUpstream((socket, { path }) => {
    socket.write(reply(200, path.includes('/messages') ? MESSAGE : completion('Hi')))
  })
  const names = ['OPENAI', 'ANTHROPIC', 'OPENROUTER', 'GEMINI']
  const settings = names.map((name) => [`${name}_API_KEY`, 'upstream-key'])
  const addresses = names.map((name) => [`${name}_BASE_URL`, upstream.url])
  const gateway = await startGateway({
    environment: { ...KEY, ...Object.fromEntries([...settings, ...addresses]) },
    mappings: {
      'openai/*': 'openai:*',
      'anthropic/*': 'anthropic:*',
      'openrouter/*': 'openrouter:*',
      'gemini/*': 'gemini:*',
      'mine/*': 'mine:*',
    },
    config: {
      providers: {
        mine: {
          base_url: upstream.url,
          key_required: false,
          headers: { 'X-Team': 'blue' },
          apis: ['chat/completions', 'messages'],
        },
      },
      ...config,
    },
  })
  const ask = async (provider: string, headers: Record<string, string>, path = '/v1/chat/completions') => {
    const { status } = await gateway.post(chat(`${provider}/m`, { max_tokens: 9 }), headers, path)
    expect(status).toBe(200)
    return upstream.requests.at(-1)
  }
  return { upstream, ask }
}

test.for([
  ['openai', '/v1/chat/completions', { ...SESSION, ...OPENAI }],
  ['mine', '/v1/chat/completions', { ...SESSION, ...OPENAI }],
  ['openrouter', '/v1/chat/completions', SESSION],
  ['gemini', '/v1/chat/completions', SESSION],
  ['anthropic', '/v1/chat/completions', SESSION],
  ['anthropic', '/v1/messages', { ...SESSION, ...ANTHROPIC }],
  ['mine', '/v1/messages', { ...SESSION, ...OPENAI, ...ANTHROPIC }],
] as const)('%s gets the headers of clients that it knows (%s)', async ([provider, path, expected]) => {
  const { ask } = await startAll()
  const request = await ask(provider, ALL, path)
  const got = Object.fromEntries(Object.keys(ALL).map((name) => [name, request?.headers[name]]))
  const { 'x-api-key': key, ...others } = got
  const absent = Object.fromEntries(Object.keys(others).map((name) => [name, undefined]))
  expect(others).toEqual({ ...absent, ...expected })
  expect(key).toBe(provider === 'anthropic' && path === '/v1/messages' ? 'upstream-key' : undefined)
})

test('a client that sends none of them adds none', async () => {
  const { ask } = await startAll()
  const names = Object.keys((await ask('openai', { authorization: 'Bearer gateway-key' }))?.headers ?? {})
  expect(names.sort()).toEqual(
    ['accept-encoding', 'authorization', 'connection', 'content-length', 'content-type', 'host'].sort(),
  )
})

test('config.yml adds headers to those that pass, and takes some away', async () => {
  const options = { pass_headers: ['X-Other', 'x-*', 'user-agent'], drop_headers: ['openai-*', 'x-forwarded-for'] }
  const { ask } = await startAll({ provider_options: { mine: options, openai: { drop_headers: ['x-codex-*'] } } })
  const sent = { ...ALL, 'x-team': 'red', 'user-agent': 'an-agent' }
  const mine = (await ask('mine', sent))?.headers ?? {}
  expect(mine).toMatchObject({ ...SESSION, 'x-other': 'o', 'user-agent': 'an-agent', 'x-codex-beta-features': 'f' })
  // What config.yml says itself is not the client's to change, and keys never pass.
  expect(mine['x-team']).toBe('blue')
  for (const name of ['openai-beta', 'openai-organization', 'x-forwarded-for', 'x-api-key', 'cookie']) {
    expect(mine).not.toHaveProperty(name)
  }
  const openai = (await ask('openai', sent))?.headers ?? {}
  expect(openai).toMatchObject({ 'openai-beta': 'b' })
  for (const name of ['x-codex-beta-features', 'x-other', 'user-agent']) expect(openai).not.toHaveProperty(name)
})

test.for([
  ['/v1/messages?beta=true', {}, '/messages?beta=true'],
  ['/v1/messages?beta=true&x=1&beta=a%20b', {}, '/messages?beta=true&beta=a+b'],
  ['/v1/messages?x=1', {}, '/messages'],
  ['/v1/chat/completions?beta=true', {}, '/chat/completions'],
  ['/v1/chat/completions?api-version=7', { pass_query: ['api-version'] }, '/chat/completions?api-version=7'],
] as const)('of the query %s only what is known passes', async ([path, options, expected]) => {
  const { ask } = await startAll({ provider_options: { mine: options } })
  expect((await ask('mine', { 'x-api-key': 'gateway-key' }, path))?.path).toBe(expected)
})

test('a header that must not pass cannot be listed', async () => {
  for (const name of ['authorization', 'X-Api-Key', 'a*b', '*', '']) {
    const config = { provider_options: { openai: { pass_headers: [name] } } }
    await expect(startGateway({ config })).rejects.toThrow('provider_options.openai.pass_headers.0: found')
  }
})

test('a client that names a wrong account does not make the key unusable for others', async () => {
  const { gateway, upstream } = await startBeforeRaw(
    (socket, { headers }) => {
      const isWrong = headers['openai-organization'] === 'org-of-others'
      socket.write(isWrong ? reply(401, { error: { code: 'mismatched_organization' } }) : reply(200, completion('Hi')))
    },
    { environment: { OPENAI_API_KEY: 'key-a,key-b' } },
  )
  const dialogs = [dialogWithFirst(['key-a', 'key-b']), dialogWithFirst(['key-b', 'key-a'])]
  for (const dialog of dialogs) {
    await gateway.post(chat('mine'), { ...dialog, 'openai-organization': 'org-of-others' })
  }
  const before = upstream.requests.length
  for (const dialog of dialogs) expect((await gateway.post(chat('mine'), dialog)).status).toBe(200)
  const keys = upstream.requests.slice(before).map(({ headers }) => headers['authorization'])
  expect(keys).toEqual(['Bearer key-a', 'Bearer key-b'])
})
