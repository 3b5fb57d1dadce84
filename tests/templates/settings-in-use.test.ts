import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { packageRoot } from '../../kit/package-root.ts'
import { renderEdgeCompose, renderTraefikConfig } from '../../templates/edge.ts'
import { renderReleaseCompose } from '../../templates/release.ts'
import { renderRoute, routeDomain } from '../../templates/route.ts'
import { serverSettings } from '../../templates/server-settings.ts'
import { settingsInUse } from '../../templates/settings-in-use.ts'

const TRAEFIK = readFileSync(join(packageRoot(), 'traefik/traefik.yml'), 'utf8')

/** The files that a deploy makes of these values, as they are on the server. */
function filesOf(values: Record<string, string>) {
  const settings = serverSettings(values, false)
  const traefikConfig = renderTraefikConfig(TRAEFIK, settings)
  const edge = { container: 'ai-proxy-edge', network: 'ai-proxy-edge' }
  const id = '20261123-101112'
  return {
    route: renderRoute({ domain: settings.domain, live: id }, 8123),
    traefikConfig,
    edgeCompose: renderEdgeCompose({ settings, traefikConfig, acmeCa: null, ...edge }),
    releaseCompose: renderReleaseCompose({ id, deployedAt: '', image: 'i', network: 'n', port: 8123, settings }),
  }
}

describe('settings are read back from what was made of them', () => {
  test.each([
    [{ DOMAIN: 'llm.example.com' }],
    [
      {
        DOMAIN: 'llm.example.com',
        HTTP_PORT: '8080',
        HTTPS_PORT: '8443',
        TRAEFIK_IMAGE: 'traefik:v3.7',
        ACME_EMAIL: 'me@example.com',
        ACME_CA_SERVER: 'https://ca.example.com/dir',
        HOST_UID: '1001',
        HOST_GID: '1002',
      },
    ],
    [{ DOMAIN: 'a.example.com', ACME_STAGING: 'true' }],
  ])('%j', (values) => {
    expect(settingsInUse(filesOf(values))).toEqual(values)
  })

  test('as far as the files are there and can be read', () => {
    const files = filesOf({ DOMAIN: 'llm.example.com', HTTP_PORT: '8080', ACME_EMAIL: 'me@example.com' })
    expect(settingsInUse({ ...files, route: null, traefikConfig: 'a: [' })).toEqual({ HTTP_PORT: '8080' })
    const nothing = { route: null, edgeCompose: null, traefikConfig: null, releaseCompose: null }
    expect(settingsInUse(nothing)).toEqual({})
    expect(settingsInUse({ ...nothing, route: 'text', edgeCompose: 'text', traefikConfig: '- 1' })).toEqual({})
  })
})

test('the domain of a route file, also while a candidate is checked', () => {
  const canary = { instance: '20261124-000000', token: 't', header: 'h' }
  expect(routeDomain(renderRoute({ domain: 'a.example.com', live: '20261123-000000', canary }, 8123))).toBe(
    'a.example.com',
  )
  expect(routeDomain(renderRoute({ domain: 'a.example.com', live: null }, 8123))).toBeNull()
})
