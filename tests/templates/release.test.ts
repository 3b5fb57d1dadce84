import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { type ReleaseComposeInput, renderReleaseCompose } from '../../templates/release.ts'
import { serverSettings } from '../../templates/server-settings.ts'
import { needing } from '../helpers/needs.ts'
import { findProgram, output } from '../helpers/process/programs.ts'
import { tempFolder } from '../helpers/temp-folder.ts'

const INPUT: ReleaseComposeInput = {
  id: '20261123-101112',
  deployedAt: '2026-11-23T10:11:12.000Z',
  image: 'ai-proxy:0123456789ab',
  network: 'ai-proxy-edge',
  port: 8123,
  settings: serverSettings({}, false),
}

test('the Compose file of a release', () => {
  expect(renderReleaseCompose(INPUT)).toMatchInlineSnapshot(`
    "services:
      gateway:
        image: ai-proxy:0123456789ab
        container_name: ai-proxy-\${INSTANCE:-20261123-101112}
        restart: "no"
        init: true
        user: 1000:1000
        env_file:
          - gateway.env
        environment:
          HOST: 0.0.0.0
          PORT: "8123"
          LOG_DIR: /app/logs
          CONFIG_PATH: /app/config.yml
          RELEASE_ID: \${INSTANCE:-20261123-101112}
          DEPLOYED_AT: "2026-11-23T10:11:12.000Z"
        volumes:
          - ./config.yml:/app/config.yml:ro
          - ../../logs:/app/logs
        networks:
          edge:
            aliases:
              - ai-proxy-\${INSTANCE:-20261123-101112}
        read_only: true
        tmpfs:
          - /tmp
        cap_drop:
          - ALL
        security_opt:
          - no-new-privileges:true
        stop_grace_period: 330s
        logging:
          driver: json-file
          options:
            max-size: 10m
            max-file: "3"
        labels:
          ai-deploy.release: 20261123-101112
    networks:
      edge:
        external: true
        name: ai-proxy-edge
    "
  `)
})

test('the settings of the server take effect', () => {
  const settings = serverSettings({ HOST_UID: '12', HOST_GID: '34', DRAIN_TIMEOUT_S: '60' }, false)
  const { gateway } = parse(renderReleaseCompose({ ...INPUT, settings })).services
  expect([gateway.user, gateway.stop_grace_period]).toEqual(['12:34', '90s'])
})

/** Every text in here would be something else to a reader of YAML 1.1 if it were not quoted. */
const TRICKY = { ...INPUT, image: '12:34:56', network: 'yes', deployedAt: '2026-11-23' }

test('a reader of YAML 1.1 sees the same texts', () => {
  const text = renderReleaseCompose({ ...TRICKY, settings: serverSettings({ HOST_UID: '10', HOST_GID: '20' }, false) })
  const [older, newer] = [parse(text, { version: '1.1' }), parse(text, { version: '1.2' })]
  expect(older).toEqual(newer)
  expect([older.services.gateway.image, older.services.gateway.user, older.networks.edge.name]).toEqual([
    '12:34:56',
    '10:20',
    'yes',
  ])
  expect(older.services.gateway.environment.DEPLOYED_AT).toBe('2026-11-23')
})

const hasPyYaml = () => {
  try {
    return output('python3', '-c', 'import yaml, json') === ''
  } catch {
    return false
  }
}

needing('PyYAML', findProgram('python3') !== null && hasPyYaml())(
  'PyYAML, which Compose v1 reads with, sees the same texts',
  () => {
    const text = renderReleaseCompose({
      ...TRICKY,
      settings: serverSettings({ HOST_UID: '10', HOST_GID: '20' }, false),
    })
    const folder = tempFolder({ 'compose.yml': text })
    const script = 'import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1]))))'
    expect(JSON.parse(output('python3', '-c', script, `${folder}/compose.yml`))).toEqual(parse(text))
  },
)
