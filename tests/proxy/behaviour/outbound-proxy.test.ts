import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startForwardProxy } from '../../helpers/gateway/forward-proxy.ts'
import { chat, errorOf, startGateway } from '../../helpers/gateway/gateway.ts'
import { chunk, completion, DONE, reply, startRawUpstream, stream } from '../../helpers/gateway/raw-upstream.ts'
import { makeAuthority } from '../../helpers/server/tls-server.ts'
import { tempFolder } from '../../helpers/temp-folder.ts'

const ANSWER = reply(200, completion('Hi'))
/** A name that only the proxy knows. */
const NAME = 'provider.test'
const MAPPINGS = { mine: 'openai:mine' }

function environmentFor(url: string, more: Record<string, string> = {}) {
  return { OPENAI_API_KEY: 'upstream-key-1', OPENAI_BASE_URL: url, ...more }
}

async function startEncrypted(answer: Parameters<typeof startRawUpstream>[0] = (socket) => void socket.write(ANSWER)) {
  const authority = makeAuthority(tempFolder())
  const upstream = await startRawUpstream(answer, authority.issue([NAME]))
  return { upstream, ca: authority.ca, options: { provider_options: { openai: { ca: authority.ca } } } }
}

test('an encrypted provider is reached through a tunnel, whose connection is used again', async () => {
  const { upstream, options } = await startEncrypted()
  const proxy = await startForwardProxy(upstream.url)
  const gateway = await startGateway({
    environment: environmentFor(`https://${NAME}/v1`, { HTTPS_PROXY: proxy.url.replace('//', '//me:pass%20word@') }),
    config: options,
    mappings: MAPPINGS,
  })
  for (let at = 0; at < 2; at++) expect((await gateway.post(chat('mine'))).status).toBe(200)
  expect(proxy.asked).toEqual([`CONNECT ${NAME}:443`])
  expect(proxy.credentials).toEqual([`Basic ${Buffer.from('me:pass word').toString('base64')}`])
  expect(upstream.requests.map(({ path, onConnection }) => [path, onConnection])).toEqual([
    ['/v1/chat/completions', 1],
    ['/v1/chat/completions', 2],
  ])
  // What the proxy needs does not reach the provider.
  expect(upstream.requests[0]?.headers).toMatchObject({ host: NAME, authorization: 'Bearer upstream-key-1' })
  expect(upstream.requests[0]?.headers).not.toHaveProperty('proxy-authorization')
})

test('a tunnel whose connection ends is opened again', async () => {
  const { upstream, options } = await startEncrypted((socket, { onConnection }) => {
    if (onConnection === 1) socket.write(ANSWER)
    else socket.end()
  })
  const proxy = await startForwardProxy(upstream.url)
  const environment = environmentFor(`https://${NAME}`, { HTTPS_PROXY: proxy.url })
  const gateway = await startGateway({ environment, config: options, mappings: MAPPINGS })
  for (let at = 0; at < 2; at++) expect((await gateway.post(chat('mine'))).status).toBe(200)
  expect(gateway.gateway.metrics.retries).toMatchObject({ connection: 1 })
  expect(proxy.asked).toHaveLength(2)
})

test('a provider without encryption is asked for by its whole address, in streams too', async () => {
  const upstream = await startRawUpstream((socket, { body }) => {
    if (body.includes('"stream":true')) socket.end(stream(chunk({ content: 'Hi' }, 'stop'), DONE))
    else socket.write(ANSWER)
  })
  const proxy = await startForwardProxy(upstream.url)
  const environment = environmentFor(`http://${NAME}:8080/v1`, { http_proxy: proxy.url.replace('//', '//me:word@') })
  const gateway = await startGateway({ environment, mappings: MAPPINGS })
  expect((await gateway.post(chat('mine'))).status).toBe(200)
  expect((await gateway.post(chat('mine', { stream: true }))).text.endsWith(DONE)).toBe(true)
  const asked = `POST http://${NAME}:8080/v1/chat/completions`
  expect(proxy.asked).toEqual([asked, asked])
  expect(proxy.credentials).toEqual(Array(2).fill(`Basic ${Buffer.from('me:word').toString('base64')}`))
  expect(upstream.requests[0]?.headers).toMatchObject({ host: `${NAME}:8080` })
})

test.for([407, 502])(
  'a proxy that refuses (%s) is an unreachable provider, and its password is in no log',
  async (refusal) => {
    const { upstream, options } = await startEncrypted()
    const proxy = await startForwardProxy(upstream.url, { refusal })
    const environment = environmentFor(`https://${NAME}`, { HTTPS_PROXY: proxy.url.replace('//', '//me:a-password@') })
    const gateway = await startGateway({ environment, config: { ...options, fallbacks: {} }, mappings: MAPPINGS })
    const answer = await gateway.post(chat('mine'))
    expect([answer.status, errorOf(answer).code]).toEqual([502, 'upstream_unreachable'])
    const [record] = await gateway.records(1)
    expect(gateway.operatorLog.join('')).toContain(`refused a connection with status ${refusal}`)
    expect(gateway.operatorLog.join('') + JSON.stringify(record)).not.toContain('a-password')
  },
)

test('of a proxy that refuses what is not encrypted, the client and the log see nothing', async () => {
  const upstream = await startRawUpstream((socket) => void socket.write(ANSWER))
  const proxy = await startForwardProxy(upstream.url, { refusal: 407 })
  const environment = environmentFor(`http://${NAME}`, { HTTP_PROXY: proxy.url })
  const gateway = await startGateway({
    environment: { ...environment, GEMINI_API_KEY: 'k', GEMINI_BASE_URL: upstream.url },
    mappings: { ...MAPPINGS, other: 'openai:other', far: 'gemini:far' },
    config: { fallbacks: { other: ['far'] } },
  })
  const answer = await gateway.post(chat('mine'))
  expect([answer.status, errorOf(answer).code]).toEqual([502, 'upstream_unreachable'])
  const upload = await gateway.post({ model: 'mine', input: 'x' }, {}, '/v1/audio/speech')
  expect([upload.status, errorOf(upload).code]).toEqual([502, 'upstream_unreachable'])
  // A fallback may be reached in another way.
  expect((await gateway.post(chat('other'))).status).toBe(200)
  expect(proxy.asked).toHaveLength(3)
  expect(gateway.operatorLog.join('')).toContain('refused a request with status 407')
  expect(JSON.stringify(await gateway.records(3))).not.toContain('status 407')
})

test('a proxy that cannot be reached is an unreachable provider', async () => {
  const environment = environmentFor(`https://${NAME}`, { HTTPS_PROXY: 'http://127.0.0.1:1' })
  const gateway = await startGateway({ environment, mappings: MAPPINGS })
  expect(errorOf(await gateway.post(chat('mine'))).code).toBe('upstream_unreachable')
  expect(gateway.operatorLog.join('')).toContain('the proxy 127.0.0.1:1 failed')
})

test('this machine is reached without the proxy', async () => {
  const upstream = await startRawUpstream((socket) => void socket.write(ANSWER))
  const proxy = await startForwardProxy(upstream.url)
  const gateway = await startGateway({
    environment: environmentFor(upstream.url, { HTTP_PROXY: proxy.url }),
    mappings: MAPPINGS,
  })
  expect((await gateway.post(chat('mine'))).status).toBe(200)
  expect(proxy.asked).toEqual([])
})

test('the authority of a provider is trusted for this provider, from config.yml or a file', async () => {
  const { upstream, ca } = await startEncrypted()
  const proxy = await startForwardProxy(upstream.url)
  const folder = tempFolder()
  const file = join(folder, 'ca.pem')
  writeFileSync(file, `Our CA:\n${ca}`)
  for (const [options, status] of [
    [{ openai: { ca } }, 200],
    [{ openai: { ca_file: file } }, 200],
    [{ gemini: { ca } }, 502],
    [{}, 502],
  ] as const) {
    const environment = environmentFor(`https://${NAME}`, { HTTPS_PROXY: proxy.url })
    const config = { provider_options: options }
    const gateway = await startGateway({ environment, config, mappings: MAPPINGS })
    expect((await gateway.post(chat('mine'))).status).toBe(status)
  }
})

test('certificates that cannot be read, and proxies that are none, are refused at the start', async () => {
  const file = join(tempFolder(), 'none.pem')
  const start = (openai: object) => startGateway({ config: { provider_options: { openai } } })
  await expect(start({ ca_file: file })).rejects.toThrow(`ca_file ${file} does not exist`)
  writeFileSync(file, '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----')
  await expect(start({ ca_file: file })).rejects.toThrow(`ca_file ${file} does not hold certificates in PEM`)
  await expect(start({ ca: 'a-secret-text' })).rejects.toThrow(
    'provider_options.openai.ca: found a text that is not certificates',
  )
  const withProxy = (value: string) => startGateway({ environment: { https_proxy: value } })
  await expect(withProxy('socks5://a-secret:1')).rejects.toThrow(/^HTTPS_PROXY: found a value that cannot be used/)
})
