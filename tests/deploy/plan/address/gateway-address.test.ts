import { expect, test } from 'vitest'
import { gatewayAddress, gatewayUrl } from '../../../../deploy/plan/address/gateway-address.ts'
import { serverSettings } from '../../../../templates/server-settings.ts'

const settings = serverSettings({ DOMAIN: 'LLM.example.com', HTTP_PORT: '8080', HTTPS_PORT: '8443' }, false)

test('checks use the first key of API_KEYS, or none where none is set', () => {
  const keyOf = (apiKeys: string | undefined) => gatewayAddress(settings, apiKeys).apiKey
  expect([' , b ,c', 'name:key', ' ', '', undefined].map(keyOf)).toEqual(['b', 'name:key', null, null, null])
})

test('the URL has the domain in lower case, and a port unless it is 443', () => {
  expect(gatewayUrl(gatewayAddress(settings, undefined))).toBe('https://llm.example.com:8443')
  expect(gatewayUrl({ domain: 'a.b', httpsPort: 443 })).toBe('https://a.b')
})
