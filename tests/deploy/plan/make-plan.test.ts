import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { makePlan, type Plan, type PlanInput } from '../../../deploy/plan/make-plan.ts'
import { planServerEnv } from '../../../deploy/plan/server-env.ts'
import { type Facts, parseFacts } from '../../../deploy/server/facts.ts'
import { packageRoot } from '../../../kit/package-root.ts'
import {
  afterDeploy,
  CLEAN_DEBIAN,
  DEBIAN_12_DOCKER,
  file,
  UBUNTU_WITH_OLD_PROXY,
} from '../../helpers/server/recorded-facts.ts'

const ENV = 'API_KEYS=a-key\nOPENROUTER_API_KEY=or\nGEMINI_API_KEY=g\nDOMAIN=llm.example.com\n'
const envOf = (server: string | null, more: Partial<Parameters<typeof planServerEnv>[0]> = {}) =>
  planServerEnv({ server, local: null, answers: {}, overrides: {}, defaultDomain: 'x.nip.io', ...more })

const WISHES = {
  env: envOf(null, { local: ENV }),
  contextHashes: { Dockerfile: 'hash of Dockerfile', 'kit/a.ts': 'hash of a' },
  config: 'model_mappings: {}\n',
  traefikBase: readFileSync(join(packageRoot(), 'traefik/traefik.yml'), 'utf8'),
  logdbScript: '#!/bin/sh\n',
  acmeCa: null,
  now: new Date('2026-11-23T10:11:12Z'),
}
const LATER = new Date('2026-11-24T00:00:00Z')

function plan(wishes: Partial<PlanInput> & { facts: Facts }): Plan {
  return makePlan({ ...WISHES, ...wishes })
}

const clean = parseFacts(DEBIAN_12_DOCKER)
const first = plan({ facts: clean })
const live = afterDeploy(DEBIAN_12_DOCKER, first, ENV, WISHES.logdbScript)
/** Of a server that the first plan was carried out on. */
const replan = (wishes: Partial<PlanInput> = {}) => plan({ facts: live, env: envOf(ENV), now: LATER, ...wishes })

const NO_EFFECT = {
  changes: [],
  installDocker: false,
  writeEnv: false,
  writeEdge: false,
  writeLogdb: false,
  release: null,
  build: false,
  live: '20261123-101112',
  startLive: false,
  settle: false,
  writeRoute: false,
  needsCertificate: false,
  restartEdge: false,
  backup: false,
}

/** What a plan will do, without how it is written down. */
function effects({ settings: _settings, edge: _edge, warnings: _warnings, release, ...rest }: Plan) {
  return { ...rest, release: release === null ? null : release.manifest.id }
}

describe('a first deploy', () => {
  test('with Docker there does everything else', () => {
    expect(effects(first)).toEqual({
      changes: [
        'take over your .env: API_KEYS, OPENROUTER_API_KEY, GEMINI_API_KEY, DOMAIN',
        'put scripts/logdb there',
        'start release 20261123-101112',
        `build the image ${first.release?.manifest.image} on the server`,
        'start the edge (ports 80 and 443)',
        'get a certificate for llm.example.com',
      ],
      installDocker: false,
      writeEnv: true,
      writeEdge: true,
      writeLogdb: true,
      release: '20261123-101112',
      build: true,
      live: null,
      startLive: false,
      settle: false,
      writeRoute: false,
      needsCertificate: true,
      restartEdge: false,
      backup: false,
    })
  })

  test('on a clean server installs Docker, and makes a key where none was given', () => {
    const bare = plan({ facts: parseFacts(CLEAN_DEBIAN), env: envOf(null) })
    expect(bare.changes.slice(0, 2)).toEqual(['install Docker', 'make an API key'])
    expect(bare.installDocker).toBe(true)
    expect(bare.warnings).toEqual([
      "the server's .env has no OPENROUTER_API_KEY and no GEMINI_API_KEY: models of that provider answer 503 until you add it and deploy again",
    ])
  })

  test('is the same however often it is planned', () => {
    expect(plan({ facts: clean })).toEqual(first)
  })

  test('adopts a predecessor’s .env and certificate', () => {
    const facts = parseFacts(`${DEBIAN_12_DOCKER}${file('env', ENV)}certificate=acme.json llm.example.com\n`)
    const adopting = plan({ facts, env: envOf(ENV) })
    expect(adopting).toMatchObject({ writeEnv: false, needsCertificate: false, backup: false, live: null })
    expect(adopting.changes).not.toContainEqual(expect.stringContaining('certificate'))
  })
})

describe('on a server as it should be', () => {
  test('there is nothing to do', () => {
    expect(effects(replan())).toEqual(NO_EFFECT)
    expect(replan().warnings).toEqual([])
  })

  test('nothing is refused either, whatever a first deploy would need', () => {
    const cramped = { ...live, freeBytes: { docker: 0, folder: 0 }, listeners: new Map([[80, 'docker-proxy']]) }
    expect(effects(replan({ facts: cramped }))).toEqual(NO_EFFECT)
  })
})

describe('what changed', () => {
  const taken = (parts: string) =>
    `start release 20261124-000000 beside 20261123-101112 and let it take over (changed: ${parts})`
  const newRelease = { ...NO_EFFECT, release: '20261124-000000', backup: true }

  test('config.yml: a new release of the same image', () => {
    expect(effects(replan({ config: 'model_mappings: { a: "b" }\n' }))).toEqual({
      ...newRelease,
      changes: [taken('config.yml')],
    })
  })

  test('.env on the server: a new release of the same image', () => {
    const text = `${ENV}LOG_LEVEL=debug\n`
    expect(effects(replan({ facts: { ...live, env: text }, env: envOf(text) }))).toEqual({
      ...newRelease,
      changes: [taken('values of .env')],
    })
  })

  test('.env on the server, in what the gateway does not read: nothing', () => {
    const text = `# a comment\n${ENV}LOGDB_ENV=prod\n`
    expect(effects(replan({ facts: { ...live, env: text }, env: envOf(text) }))).toEqual(NO_EFFECT)
  })

  test('a source: a new release of a new image', () => {
    const changed = replan({ contextHashes: { ...WISHES.contextHashes, 'kit/a.ts': 'another hash' } })
    expect(effects(changed)).toEqual({
      ...newRelease,
      changes: [taken('the gateway itself'), `build the image ${changed.release?.manifest.image} on the server`],
      build: true,
    })
    expect(changed.release?.manifest.image).not.toBe(first.release?.manifest.image)
  })

  test('a setting of the container only', () => {
    const text = `${ENV}HOST_UID=1001\n`
    expect(effects(replan({ facts: { ...live, env: text }, env: envOf(text) }))).toEqual({
      ...newRelease,
      changes: [taken('settings of the container')],
    })
  })

  test('several things at once', () => {
    const changed = replan({
      config: 'model_mappings: { a: "b" }\n',
      contextHashes: { Dockerfile: 'hash of Dockerfile' },
      env: envOf(`${ENV}LOG_LEVEL=debug\n`),
    })
    expect(changed.changes).toContain(taken('the gateway itself, config.yml, values of .env'))
    expect(changed.changes).toContain("set in the server's .env: LOG_LEVEL")
  })

  test('the domain: .env, the route and a certificate, but no new release and no new edge', () => {
    const env = envOf(ENV, { overrides: { DOMAIN: 'new.example.com' } })
    expect(effects(replan({ env }))).toEqual({
      ...NO_EFFECT,
      changes: [
        "set in the server's .env: DOMAIN",
        'answer for new.example.com',
        'get a certificate for new.example.com',
      ],
      writeEnv: true,
      writeRoute: true,
      needsCertificate: true,
      backup: true,
    })
  })

  test('the account or the ports of the edge: the edge starts anew', () => {
    const email = envOf(ENV, { overrides: { ACME_EMAIL: 'me@example.com' } })
    expect(effects(replan({ env: email }))).toEqual({
      ...NO_EFFECT,
      changes: [
        "set in the server's .env: ACME_EMAIL",
        'restart the edge (ports 80 and 443; it is away for some seconds)',
      ],
      writeEnv: true,
      writeEdge: true,
      backup: true,
    })
    const text = `${ENV}HTTP_PORT=8080\nHTTPS_PORT=8443\n`
    expect(replan({ facts: { ...live, env: text }, env: envOf(text) }).changes).toEqual([
      'restart the edge (ports 8080 and 8443; it is away for some seconds)',
    ])
  })

  test('the CA: another certificate', () => {
    const text = `${ENV}ACME_STAGING=true\n`
    expect(replan({ facts: { ...live, env: text }, env: envOf(text) })).toMatchObject({
      changes: [
        'restart the edge (ports 80 and 443; it is away for some seconds)',
        'get a certificate for llm.example.com',
      ],
      needsCertificate: true,
      restartEdge: false,
    })
    const withCa = replan({ acmeCa: 'PEM' })
    expect(withCa).toMatchObject({
      changes: ['restart the edge (ports 80 and 443; it is away for some seconds)'],
      writeEdge: true,
    })
    expect(withCa.edge.acmeCa).toBe('PEM')
    const kept = afterDeploy(DEBIAN_12_DOCKER, plan({ facts: clean, acmeCa: 'PEM' }), ENV, WISHES.logdbScript)
    expect(replan({ facts: kept }).changes).toEqual([])
  })

  test('scripts/logdb', () => {
    expect(effects(replan({ logdbScript: 'newer' }))).toEqual({
      ...NO_EFFECT,
      changes: ['put scripts/logdb there'],
      writeLogdb: true,
      backup: true,
    })
  })
})

describe('what is broken', () => {
  const id = '20261123-101112'

  test('a switch that was never recorded is recorded, and what it left running is stopped', () => {
    const other = { name: 'ai-proxy-20261122-101112', state: 'running', release: '20261122-101112' }
    const settled = {
      ...NO_EFFECT,
      changes: [`record that ${id} answers, and stop what else is left running`],
      settle: true,
      backup: true,
    }
    expect(effects(replan({ facts: { ...live, state: null } }))).toEqual(settled)
    const left = [...live.containers, { ...other, isRestarted: true }]
    expect(effects(replan({ facts: { ...live, containers: left } }))).toEqual(settled)
    const draining = [...live.containers, { ...other, isRestarted: false }]
    expect(effects(replan({ facts: { ...live, containers: draining } }))).toEqual(NO_EFFECT)
  })

  test('a live release that does not run is started again', () => {
    const containers = [{ name: `ai-proxy-${id}`, state: 'exited', release: id, isRestarted: true }]
    for (const broken of [containers, []]) {
      expect(effects(replan({ facts: { ...live, containers: broken } }))).toEqual({
        ...NO_EFFECT,
        changes: [`start release ${id} again, which does not run`],
        startLive: true,
        backup: true,
      })
    }
  })

  test('an edge that does not run is started', () => {
    expect(replan({ facts: { ...live, edge: { ...live.edge, running: false } } }).changes).toEqual(['start the edge'])
  })

  test('a certificate that is missing is asked for again', () => {
    expect(effects(replan({ facts: { ...live, certificates: [] } }))).toEqual({
      ...NO_EFFECT,
      changes: ['get a certificate for llm.example.com (restarts the edge)'],
      needsCertificate: true,
      restartEdge: true,
      backup: true,
    })
    const ofAnotherCa = [{ file: 'acme-staging.json', domain: 'llm.example.com' }]
    expect(replan({ facts: { ...live, certificates: ofAnotherCa } }).needsCertificate).toBe(true)
  })

  test('a route file that somebody edited is written again', () => {
    expect(replan({ facts: { ...live, route: `${live.route}# edited\n` } }).changes).toEqual([
      'answer for llm.example.com',
    ])
  })

  test('an image that was removed is built again with the next release only', () => {
    const facts = { ...live, imageTags: [] }
    expect(replan({ facts }).changes).toEqual([])
    expect(replan({ facts, config: 'model_mappings: { a: "b" }\n' }).build).toBe(true)
  })

  test('a release whose manifest is lost is replaced', () => {
    const lost = replan({ facts: { ...live, manifests: [] } })
    expect(lost.release?.manifest.id).toBe('20261124-000000')
    expect(lost.changes).toEqual(['start release 20261124-000000'])
    expect(lost.live).toBe(id)
  })
})

describe('before anything is changed, a server is refused', () => {
  const refusal = (facts: Facts, env = WISHES.env): unknown => {
    try {
      return plan({ facts, env })
    } catch (error) {
      return error
    }
  }

  test('with too little space', () => {
    expect(refusal({ ...clean, freeBytes: { docker: 2 * 1024 ** 3 - 1, folder: 2 ** 40 } })).toMatchObject({
      code: 'DISK_FULL',
      exitCode: 13,
      message: "too little free space for Docker's images: 2047 MiB, needed 2048 MiB",
      hint: 'free some space on the server (docker system df shows what Docker holds), then run again',
    })
    expect(refusal({ ...clean, freeBytes: { docker: 2 ** 40, folder: 0 } })).toMatchObject({
      code: 'DISK_FULL',
      message: 'too little free space for the releases: 0 MiB, needed 2048 MiB',
    })
    expect(refusal({ ...clean, freeBytes: { docker: 2 * 1024 ** 3, folder: 2 * 1024 ** 3 } })).toEqual(first)
  })

  test('whose ports are taken', () => {
    expect(refusal(parseFacts(UBUNTU_WITH_OLD_PROXY))).toMatchObject({
      code: 'PORT_TAKEN',
      exitCode: 13,
      message: 'port 80 of the server is taken by nginx',
      hint: "stop nginx, or set HTTP_PORT and HTTPS_PORT in the server's .env (Let's Encrypt needs port 80), then run again",
    })
    const elsewhere = envOf(null, { local: `${ENV}HTTP_PORT=8080\nHTTPS_PORT=8443\n` })
    expect(refusal(parseFacts(UBUNTU_WITH_OLD_PROXY), elsewhere)).toMatchObject({ installDocker: false })
    expect(refusal({ ...clean, listeners: new Map([[443, 'caddy']]) })).toMatchObject({
      message: 'port 443 of the server is taken by caddy',
    })
    const byOurEdge = { ...live, listeners: new Map([[443, 'docker-proxy']]) }
    expect(replan({ facts: byOurEdge, config: 'model_mappings: { a: "b" }\n' }).release).not.toBeNull()
  })

  test('of another kind', () => {
    const of = (os: Partial<Facts['os']>) => ({ ...clean, os: { ...clean.os, ...os } })
    expect(refusal(of({ arch: 'armv7l' }))).toMatchObject({
      code: 'TARGET_UNSUPPORTED',
      exitCode: 12,
      message: 'the server is a armv7l machine',
      hint: 'use a server with x86_64 or arm64',
    })
    const alpine = { ...of({ id: 'alpine', like: '' }), docker: null }
    expect(refusal(alpine)).toMatchObject({
      code: 'TARGET_UNSUPPORTED',
      message: 'Docker is missing and alpine is neither Debian nor Ubuntu',
      hint: 'install Docker Engine and Compose there yourself, then run again',
    })
    for (const arch of ['x86_64', 'aarch64', 'arm64']) expect(refusal(of({ arch }))).toEqual(first)
    expect(refusal({ ...of({ id: 'linuxmint', like: 'ubuntu debian' }), docker: null })).toMatchObject({
      installDocker: true,
    })
    expect(refusal({ ...alpine, docker: clean.docker })).toEqual(first)
  })
})

test('differences that count for nothing are told', () => {
  const env = envOf(ENV, { local: 'API_KEYS=other\nGEMINI_API_KEY=g\n' })
  expect(replan({ env })).toMatchObject({
    changes: [],
    warnings: ["your .env differs from the server's in API_KEYS; the server's counts"],
  })
  const local = envOf(null, { local: `${ENV}HTTP_PORT=9000\n` })
  expect(plan({ facts: clean, env: local }).warnings).toEqual([
    'HTTP_PORT of your .env means the local gateway and stays behind; on a server it is the port of the edge',
  ])
})

test('a server whose edge belongs to another folder is refused', () => {
  const facts = { ...live, folder: '/opt/gateway' }
  expect(() => replan({ facts, config: 'model_mappings: {}' })).toThrow(
    'the edge of this server belongs to /root/ai-proxy, not to /opt/gateway',
  )
})
