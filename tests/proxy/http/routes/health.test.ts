import { expect, test } from 'vitest'
import { packageVersion } from '../../../../kit/package-root.ts'
import { startGateway } from '../../../helpers/gateway/gateway.ts'

const RELEASE = { RELEASE_ID: '20261123-120000', DEPLOYED_AT: '2026-11-23T12:00:00Z' }

test('/health has the predecessor’s fields and the release', async () => {
  const dev = await startGateway()
  expect(JSON.parse((await dev.get('/health')).text)).toEqual({
    status: 'ok',
    version: packageVersion(),
    release: 'dev',
    script_tested: true,
    deployment_timestamp: 'unknown',
  })
  const released = await startGateway({ environment: RELEASE })
  const response = await released.get('/health')
  expect(JSON.parse(response.text)).toMatchObject({
    release: '20261123-120000',
    deployment_timestamp: '2026-11-23T12:00:00Z',
  })
  expect(response.headers['x-ai-proxy-release']).toBe('20261123-120000')
})

test('/ready reports that the gateway is draining', async () => {
  const gateway = await startGateway({ environment: RELEASE })
  const ready = await gateway.get('/ready')
  expect([ready.status, JSON.parse(ready.text)]).toEqual([200, { status: 'ready', release: '20261123-120000' }])
  gateway.gateway.readiness.isDraining = true
  const draining = await gateway.get('/ready')
  expect([draining.status, JSON.parse(draining.text).status]).toEqual([503, 'draining'])
  expect(draining.headers['connection']).toBe('close')
})
