import { request } from 'undici'
import { expect, test } from 'vitest'
import { RELAYED_PATHS } from '../../../../proxy/relay/relayed-paths.ts'
import { startGateway } from '../../../helpers/gateway/gateway.ts'

test('each relayed path says which methods it has, in all of its forms', async () => {
  const gateway = await startGateway()
  const ask = async (path: string, method: 'PUT' | 'OPTIONS') => {
    const { statusCode, headers, body } = await request(gateway.url + path, { method })
    await body.dump()
    return [path, statusCode, headers[method === 'PUT' ? 'allow' : 'access-control-allow-methods']]
  }
  for (const { endpoint, endpoints, isModelled } of RELAYED_PATHS) {
    const path = endpoint.replace(':id', 'id-1')
    const below = path.replace('/v1', '')
    const methods = [...endpoints.map(({ method }) => method), 'OPTIONS'].join(', ')
    const more = isModelled ? [`/openai/deployments/mine${below}`] : []
    for (const form of [path, below, `${path}/`, `${path}?a=b`, ...more]) {
      expect(await ask(form, 'PUT')).toEqual([form, 405, methods])
      expect(await ask(form, 'OPTIONS')).toEqual([form, 200, methods])
    }
  }
  expect(await ask('/v1/files/a/b', 'PUT')).toEqual(['/v1/files/a/b', 404, undefined])
})
