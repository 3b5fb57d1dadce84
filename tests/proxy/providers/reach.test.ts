import { expect, test } from 'vitest'
import { toProviderOptions } from '../../../kit/gateway-config/config-file.ts'
import { proxySecrets, reachOf } from '../../../proxy/providers/reach.ts'

const PROXIES = { HTTPS_PROXY: 'http://secure:1', HTTP_PROXY: 'http://plain:1' }

function proxyFor(url: string, environment: Record<string, string> = {}): string | undefined {
  return reachOf(url, toProviderOptions({}), { environment: { ...PROXIES, ...environment }, cwd: '/' }).proxy?.host
}

test('the proxy is that of the scheme, and a name in lower case wins', () => {
  expect(proxyFor('https://a.example/v1')).toBe('secure:1')
  expect(proxyFor('http://a.example/v1')).toBe('plain:1')
  expect(proxyFor('https://a.example', { https_proxy: 'http://other:1' })).toBe('other:1')
  expect(proxyFor('https://a.example', { HTTPS_PROXY: '', HTTP_PROXY: 'http://x' })).toBeUndefined()
})

test.for([
  ['https://a.example', 'a.example'],
  ['https://b.a.example', 'a.example'],
  ['https://b.a.example', '.a.example'],
  ['https://b.a.example', '*.a.example'],
  ['https://A.Example', 'A.EXAMPLE'],
  ['https://a.example', 'x, a.example'],
  ['https://a.example', 'x a.example'],
  ['https://a.example', '*'],
  ['https://a.example', 'a.example:443'],
  ['http://a.example:8080', 'a.example:8080'],
  ['http://10.1.2.3', '10.1.2.3'],
  ['http://10.1.2.3', '10.0.0.0/8'],
  ['http://[fd00::1]', 'fd00::1'],
  ['http://[fd00::1]:99', '[fd00::1]:99'],
  ['http://[fd00::1]', 'fd00::/8'],
  ['http://[fd00::1]', 'FD00:0:0::0001'],
  ['http://[fd00::1]', '[fd00:0::1]'],
  ['http://[fd00::1]:99', '[fd00:0::1]:99'],
  ['http://10.1.2.3:99', '10.1.2.3:99'],
  ['https://a.example.', 'a.example'],
  ['https://b.a.example', 'a.example.'],
  ['http://127.0.0.1:11434', ''],
  ['http://localhost', ''],
  ['http://[::1]', ''],
  ['http://x.localhost', ''],
] as const)('%s is reached directly with NO_PROXY=%s', ([url, exceptions]) => {
  expect(proxyFor(url, { NO_PROXY: exceptions })).toBeUndefined()
  expect(proxyFor(url, { no_proxy: exceptions })).toBeUndefined()
})

test.for([
  ['https://a.example', 'b.example'],
  ['https://ba.example', 'a.example'],
  ['https://a.example', 'a.example:80'],
  ['https://a.example', ',, ,'],
  ['https://a.example.', '.'],
  ['http://[fd00::1]', 'fd00::2'],
  ['http://[fd00::1]:99', '[fd00::1]:98'],
  ['http://10.1.2.3', '3'],
  ['http://11.1.2.3', '10.0.0.0/8'],
  ['http://10.1.2.3', '10.0.0.0/99'],
  ['http://10.1.2.3', '10.0.0.0/x'],
  ['http://10.1.2.3', 'fd00::/8'],
  ['http://10.1.2.3', '10.1.2'],
  ['https://a.example', '10.0.0.0/8'],
] as const)('%s is reached by the proxy with NO_PROXY=%s', ([url, exceptions]) => {
  expect(proxyFor(url, { NO_PROXY: exceptions })).toBeDefined()
})

test.for([
  ['proxy.example', 'proxy.example'],
  ['proxy.example:3128', 'proxy.example:3128'],
  ['10.0.0.1:3128/', '10.0.0.1:3128'],
  ['me:word@proxy.example:3128', 'proxy.example:3128'],
  ['HTTP://proxy.example:3128', 'proxy.example:3128'],
  ['https://[fd00::1]:3128', '[fd00::1]:3128'],
] as const)('%s is a proxy', ([value, host]) => {
  expect(proxyFor('https://a.example', { HTTPS_PROXY: value })).toBe(host)
})

test.for([
  'socks5://a-secret:1',
  'http://proxy.example/path',
  // Of these, a part of the password would be the port.
  'http://me:12#a-secret@proxy.example:3128',
  'http://me:12?a-secret@proxy.example:3128',
  'http://me:12/a-secret@proxy.example:3128',
  'http://me:12\\a-secret@proxy.example:3128',
  'me:%zza-secret@proxy.example:3128',
])('%s is not a proxy, and the error does not show it', (value) => {
  const refused = () => proxyFor('https://a.example', { HTTPS_PROXY: value })
  expect(refused).toThrow(/^HTTPS_PROXY: found a value that cannot be used/)
  expect(refused).not.toThrow(/secret/)
})

test('the passwords of proxies are secrets, and a name without a password is one', () => {
  const secrets = proxySecrets({ HTTPS_PROXY: 'http://me:pass%20word@proxy', http_proxy: 'a-token@proxy:1' })
  const sent = (text: string) => Buffer.from(text).toString('base64')
  expect(secrets).toEqual(['pass word', sent('me:pass word'), 'a-token', sent('a-token:')])
})
