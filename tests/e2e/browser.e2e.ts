import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { build } from 'esbuild'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { packageRoot } from '../../kit/package-root.ts'
import { type GatewayOptions, startWithUpstream } from '../helpers/gateway/gateway.ts'

/** What a page in a real browser can do with a gateway on this machine. It needs no server of the rig. */
const KEY = 'a-secret-key-of-a-page'
/** The libraries, bundled as for a web app. */
const SCRIPT = `import OpenAI from 'openai'; import Anthropic from '@anthropic-ai/sdk'; Object.assign(globalThis, { OpenAI, Anthropic })`

let browser: Browser
let script = ''

beforeAll(async () => {
  const stdin = { contents: SCRIPT, resolveDir: packageRoot() }
  const { outputFiles } = await build({ stdin, bundle: true, format: 'esm', platform: 'browser', write: false })
  script = outputFiles[0]?.text ?? ''
  browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--host-resolver-rules=MAP app.example 127.0.0.1, MAP evil.example 127.0.0.1'],
  })
})

afterAll(() => browser?.close())

/** A page of http://app.example with the libraries. */
async function openApp(): Promise<Page> {
  const site = createServer(({ url }, response) => {
    const isScript = url === '/app.js'
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html')
    response.end(
      isScript ? script : '<!doctype html><meta charset="utf-8"><script type="module" src="/app.js"></script>',
    )
  })
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    site.closeAllConnections()
    site.close()
  })
  return await openPage(`http://app.example:${(site.address() as AddressInfo).port}/`)
}

async function openPage(url: string): Promise<Page> {
  const page = await browser.newPage()
  onTestFinished(() => page.close())
  await page.goto(url)
  return page
}

/** A gateway with both kinds of API in front of a mock provider. */
async function start(options: GatewayOptions = {}) {
  const { upstream, gateway } = await startWithUpstream({
    environment: { API_KEYS: KEY, CORS_ORIGINS: '*' },
    ...options,
  })
  return { upstream, gateway, url: gateway.url }
}

/** Runs the body of an async function in the page; it can use `url` and `key`. */
async function runIn(page: Page, url: string, body: string): Promise<unknown> {
  return await page.evaluate(`(async (url, key) => {${body}})(${JSON.stringify(url)}, ${JSON.stringify(KEY)})
    .catch((error) => error.name + ': ' + error.message + ' ' + (error.cause?.message ?? ''))`)
}

const QUESTION = `{ model: 'mock/normal', max_tokens: 9, messages: [{ role: 'user', content: 'Hi there' }] }`
const OPENAI = `const client = new OpenAI({ baseURL: url + '/v1', apiKey: key, dangerouslyAllowBrowser: true, maxRetries: 0 })`
const ANTHROPIC = `const client = new Anthropic({ baseURL: url, apiKey: key, dangerouslyAllowBrowser: true, maxRetries: 0 })`

test('the libraries of OpenAI and Anthropic work in a page of another origin', async () => {
  const { url } = await start()
  const page = await openApp()
  const chat = `${OPENAI}; return (await client.chat.completions.create(${QUESTION})).choices[0].message.content`
  expect(await runIn(page, url, chat)).toBe('Hello from the mock 🙂')
  expect(await runIn(page, url, `${OPENAI}; return (await client.models.list()).data.map(({ id }) => id).join()`)).toBe(
    'echo,mock/normal',
  )
  const message = `${ANTHROPIC}; return (await client.messages.create(${QUESTION})).content[0].text`
  expect(await runIn(page, url, message)).toBe('Hello from the mock 🙂')
})

test('a page may send our own header, and read what libraries read', async () => {
  const { url, gateway } = await start()
  const page = await openApp()
  const request = `const response = await fetch(url + '/v1/chat/completions', { method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer ' + key, 'x-dialog-id': 'd1' },
    body: JSON.stringify({ ...${QUESTION}, model: 'mock/429' }) })
    return [response.status, ...['retry-after', 'x-request-id', 'x-ratelimit-remaining-requests'].map((name) => response.headers.get(name))]`
  expect(await runIn(page, url, request)).toEqual([429, '7', expect.stringMatching(/^req_/), '0'])
  expect((await gateway.records(1))[0]).toMatchObject({ dialog_id: 'd1' })
})

test.for(['https://other.example', undefined])(
  'pages that CORS_ORIGINS does not name are kept out (%s)',
  async (origins) => {
    const { url } = await start({ environment: { API_KEYS: KEY, ...(origins && { CORS_ORIGINS: origins }) } })
    const page = await openApp()
    const chat = `${OPENAI}; return (await client.chat.completions.create(${QUESTION})).choices[0].message.content`
    expect(await runIn(page, url, chat)).toContain('Failed to fetch')
  },
)

test('without keys a page cannot use the gateway by a name that leads to this machine', async () => {
  const { url, upstream } = await start({ environment: {} })
  const page = await openPage(`http://evil.example:${new URL(url).port}/`)
  const request = `const response = await fetch('/v1/chat/completions', { method: 'POST',
    headers: { 'content-type': 'application/json' }, body: JSON.stringify(${QUESTION}) })
    return [location.origin === new URL(response.url).origin, response.status, (await fetch('/v1/models')).status]`
  expect(await runIn(page, url, request)).toEqual([true, 403, 403])
  expect(upstream.requests).toEqual([])
})
