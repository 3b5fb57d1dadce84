import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { LocalHost } from '../../../deploy/host/local-host.ts'
import { IDENTITY } from '../../../deploy/remote/inspection.ts'
import { readPairs } from '../../../deploy/server/pairs.ts'
import { gatherFacts, parseDocker, parseFacts } from '../../../deploy/server/read-facts.ts'
import { renderRoute } from '../../../templates/route.ts'
import { needing } from '../../helpers/needs.ts'
import { findProgram, output } from '../../helpers/process/programs.ts'
import { pathOfThisMachine } from '../../helpers/server/programs-first.ts'
import {
  CLEAN_DEBIAN,
  DEBIAN_12_DOCKER,
  file,
  store,
  UBUNTU_WITH_OLD_PROXY,
} from '../../helpers/server/recorded-facts.ts'
import { tempFolder } from '../../helpers/temp-folder.ts'

test('a clean server has nothing but itself', () => {
  expect(parseFacts(CLEAN_DEBIAN)).toEqual({
    os: { id: 'debian', like: '', arch: 'x86_64' },
    docker: null,
    clockS: 1795442400,
    freeBytes: { docker: 37176608 * 1024, folder: 37176608 * 1024 },
    listeners: new Map([
      [22, 'sshd'],
      [53, 'systemd-resolve'],
    ]),
    interfaces: ['203.0.113.7', '2001:db8::7'],
    folder: '/root/ai-proxy',
    watchedDigest: '5d41402a',
    env: null,
    state: null,
    route: null,
    live: null,
    isLiveSilent: false,
    current: null,
    missingFolders: [],
    hasReserve: false,
    isUnwatched: false,
    predecessor: null,
    readyMarks: [],
    edge: {
      ...{ isRunning: false, folder: null, composeFile: null, traefikConfig: null, acmeCa: null },
      ...{ canHandOver: false, isHandedOver: false, label: null },
    },
    logdbScript: null,
    routine: { scheduler: undefined, entry: [], script: undefined },
    ui: { release: undefined, hasContainers: false, route: undefined },
    manifests: [],
    containers: [],
    imageTags: [],
    certificates: [],
    storeFaults: [],
    ownCertificates: [],
    freedPorts: [],
    ownCertificateConfig: null,
    acmeAttempts: [],
    backups: [],
    copies: [],
    hasLogDatabases: false,
    hasTornFiles: false,
    hold: null,
  })
})

test('Compose is the plugin, else the program; an engine that does not run is none', () => {
  expect(parseFacts(DEBIAN_12_DOCKER).docker).toEqual({
    engine: '20.10.24+dfsg1',
    compose: { argv: ['docker-compose'], version: '1.29.2' },
  })
  expect(parseFacts(UBUNTU_WITH_OLD_PROXY).docker).toEqual({
    engine: '28.2.2',
    compose: { argv: ['docker', 'compose'], version: '2.37.1' },
  })
  expect(parseDocker('docker=28.2.2\ncompose_plugin=2.37.1\ncompose_program=1.29.2\n')?.compose?.version).toBe('2.37.1')
  expect(parseDocker('docker=\ncompose_plugin=2.37.1\n')).toEqual({
    engine: null,
    compose: { argv: ['docker', 'compose'], version: '2.37.1' },
  })
  expect(parseDocker('reading package lists\ndocker=20.10.24\ncompose_plugin=\n')).toEqual({
    engine: '20.10.24',
    compose: null,
  })
})

test('a server with a live release reports all about it', () => {
  const manifest = { version: 1, id: '20261123-101112', image: 'ai-proxy:0123', files: {} }
  const state = {
    version: 1,
    live: { release: '20261123-101112', instance: '20261123-101112-2' },
    previous: null,
    updatedAt: '2026-11-23T10:11:12.000Z',
  }
  const route = 'http:\n  services:\n    app:\n      loadBalancer:\n        servers:\n          - url: http://ai-proxy-'
  const facts = parseFacts(
    DEBIAN_12_DOCKER +
      file('env', 'API_KEYS=é\n') +
      file('state', JSON.stringify(state)) +
      file('route', `${route}20261123-101112-2:8123\n`) +
      file('edge_compose.yml', 'compose') +
      file('edge_traefik.yml', 'traefik') +
      file('edge_acme-ca.pem', 'pem') +
      file('scripts_logdb', 'script') +
      'scheduler=systemd\n' +
      ['service', 'timer'].map((text) => file('routine_entry', text)).join('') +
      file('routine_script', 'routine') +
      'ui=ai-proxy-ui running 20261123-101112\nui=ai-proxy-logs running 20261123-101112\n' +
      file('ui_route', 'a route') +
      file('manifest_20261123-101112', JSON.stringify(manifest)) +
      `container=ai-proxy-20261123-101112 exited 20261123-101112 no
container=ai-proxy-20261123-101112-2 running 20261123-101112 unless-stopped
edge=running
edge_folder=/root/ai-proxy
edge_label=0123abcd
edge_redirect=possible
edge_handed_over=rules
edge_handed_over=files
image=0123456789ab
image=fedcba987654
${store('acme.json', ['a.example.com'], '644')}${store('acme-staging.json', ['b.example.com'])}backup=2048 1795000001 ai-proxy-backup-20261118-090641.tar.gz
backup=1024 1795000000 ai-proxy-backup-20261118-090640.tar.gz
`,
  )
  expect(facts).toMatchObject({
    folder: '/root/ai-proxy',
    watchedDigest: '5d41402a',
    env: 'API_KEYS=é\n',
    state,
    live: '20261123-101112-2',
    edge: {
      isRunning: true,
      folder: '/root/ai-proxy',
      composeFile: 'compose',
      traefikConfig: 'traefik',
      acmeCa: 'pem',
      ...{ canHandOver: true, isHandedOver: true, label: '0123abcd' },
    },
    logdbScript: 'script',
    ui: { release: '20261123-101112', hasContainers: true, route: 'a route' },
    routine: { scheduler: 'systemd', entry: ['service', 'timer'], script: 'routine' },
    manifests: [manifest],
    containers: [
      { name: 'ai-proxy-20261123-101112', state: 'exited', release: '20261123-101112', isRestarted: false },
      { name: 'ai-proxy-20261123-101112-2', state: 'running', release: '20261123-101112', isRestarted: true },
    ],
    imageTags: ['0123456789ab', 'fedcba987654'],
    certificates: [
      { file: 'acme.json', domain: 'a.example.com' },
      { file: 'acme-staging.json', domain: 'b.example.com' },
    ],
    storeFaults: [{ file: 'acme.json', kind: 'mode' }],
    backups: [
      {
        name: 'ai-proxy-backup-20261118-090641.tar.gz',
        sizeBytes: 2048,
        modifiedS: 1795000001,
        summary: null,
        isPredecessors: false,
      },
      {
        name: 'ai-proxy-backup-20261118-090640.tar.gz',
        sizeBytes: 1024,
        modifiedS: 1795000000,
        summary: null,
        isPredecessors: false,
      },
    ],
  })
})

test('a container is detached if it is on no network, or on one that is gone', () => {
  const line = (name: string, network: string) => `container=ai-proxy-${name} running 20261123-101112 no ${network}\n`
  const text = `network=aaa\n${line('1', 'aaa')}${line('2', 'bbb')}${line('3', 'none')}${line('4', 'unset')}stopping=ai-proxy-2\n`
  const { containers } = parseFacts(DEBIAN_12_DOCKER + text)
  expect(containers.map(({ isDetached, isStopping }) => [isDetached, isStopping])).toEqual([
    [false, false],
    [true, true],
    [true, false],
    [false, false],
  ])
})

test('what keeps an edge from its work', () => {
  const trouble = (lines: string) => parseFacts(`${DEBIAN_12_DOCKER}network=aaa\n${lines}`).edge.trouble
  expect(trouble('edge=running aaa healthy\n')).toBeUndefined()
  expect(trouble('edge=running aaa starting\nmissing=backups\n')).toBeUndefined()
  expect(trouble('edge=exited none \n')).toBeUndefined()
  expect(trouble('edge=paused aaa healthy\n')).toBe('paused')
  expect(trouble('edge=running none healthy\n')).toBe('detached')
  expect(trouble('edge=running aaa healthy\nmissing=edge/dynamic\n')).toBe('unmounted')
  expect(trouble('edge=running aaa healthy\nunmounted=ai-proxy-edge\n')).toBe('unmounted')
  expect(trouble('edge=running aaa unhealthy\n')).toBe('unhealthy')
})

test('a gateway is silent if it is live and its own container gets no answer from it', () => {
  const route = renderRoute({ domain: 'a.example.com', live: '20261123-101112' }, 8123)
  const live = `${file('route', route)}container=ai-proxy-20261123-101112 running 20261123-101112 no\n`
  const silent = (name: string) => parseFacts(`${DEBIAN_12_DOCKER}${live}silent=ai-proxy-${name}\n`).isLiveSilent
  expect([silent('20261123-101112'), silent('20261122-101112')]).toEqual([true, false])
})

test('a release is marked as ready, whatever its mark says', () => {
  const mark = { at: '2026-11-23T10:11:12.000Z', by: 'me as root', verb: 'deploy', why: 'changed: config.yml' }
  const { readyMarks, current, hasReserve, isUnwatched } = parseFacts(
    `${CLEAN_DEBIAN}${file('ready_1', JSON.stringify(mark))}${file('ready_2', '{')}current=releases/1\nreserve=1048576\nunwatched=present\n`,
  )
  expect(readyMarks).toEqual([
    { release: '1', ...mark },
    { release: '2', at: '', by: '', verb: '', why: '' },
  ])
  expect([current, hasReserve, isUnwatched]).toEqual(['releases/1', true, true])
})

test('files that are damaged or not ours are ignored', () => {
  const facts = parseFacts(
    CLEAN_DEBIAN +
      file('state', '{"version":1,"live":') +
      file('route', 'http: {}\n') +
      file('manifest_20261123-101112', '{') +
      file('manifest_20261123-101112.part', '{"id":"20261123-101112"}') +
      file('env', ''),
  )
  expect(facts).toMatchObject({ state: null, route: 'http: {}\n', live: null, manifests: [], env: '' })
  expect(parseFacts(CLEAN_DEBIAN + file('state', '{"version":2,"live":{"instance":"x"}}')).state).toBeNull()
  expect(parseFacts(CLEAN_DEBIAN + file('route', 'a: [')).live).toBeNull()
})

const LINUX = needing('Linux', process.platform === 'linux')
const host = new LocalHost({ kind: 'root' })

LINUX('the script reads this machine, and every file of the folder', async () => {
  const folder = join(
    tempFolder({
      'ai proxy/.env': 'A="é"\n\n',
      'ai proxy/state.json': '{}',
      'ai proxy/edge/dynamic/app.yml': 'http: {}\n',
      'ai proxy/edge/compose.yml': 'compose\n',
      'ai proxy/edge/traefik.yml': 'traefik\n',
      'ai proxy/edge/acme-ca.pem': 'pem\n',
      'ai proxy/scripts/logdb': '#!/bin/sh\n',
      'ai proxy/releases/20261123-101112/manifest.json': '{"id":"20261123-101112"}',
      'ai proxy/certs/acme.json':
        '{\n  "letsencrypt": {\n    "Certificates": [\n      {\n        "domain": {\n          "main": "a.example.com"\n        }\n      },\n      { "domain": { "main": "b.example.com" } }\n    ]\n  }\n}\n',
      'ai proxy/certs/acme-staging.json':
        '{"letsencrypt":{"Certificates":[{"domain":{"main":"c.example.com"},"key":"secret"}]}}',
      'ai proxy/backups/b.tar.gz': 'twelve bytes',
    }),
    'ai proxy',
  )
  const facts = await gatherFacts(host, folder)
  expect(facts).toMatchObject({
    os: { arch: output('uname', '-m').trim() },
    folder,
    env: 'A="é"\n\n',
    route: 'http: {}\n',
    edge: { composeFile: 'compose\n', traefikConfig: 'traefik\n', acmeCa: 'pem\n' },
    logdbScript: '#!/bin/sh\n',
    manifests: [{ id: '20261123-101112' }],
    certificates: [
      { file: 'acme.json', domain: 'a.example.com' },
      { file: 'acme.json', domain: 'b.example.com' },
      { file: 'acme-staging.json', domain: 'c.example.com' },
    ],
    backups: [{ name: 'b.tar.gz', sizeBytes: 12, modifiedS: expect.any(Number) }],
  })
  expect(facts.os.id).not.toBe('')
  expect(facts.freeBytes.folder).toBeGreaterThan(0)
  expect(facts.freeBytes.docker).toBeGreaterThan(0)
  expect(Math.abs(facts.clockS - Date.now() / 1000)).toBeLessThan(60)
})

LINUX('a folder may be missing or unfinished', async () => {
  const above = tempFolder()
  const facts = await gatherFacts(host, join(above, 'not/there/yet'))
  expect(facts).toMatchObject({ env: null, manifests: [], backups: [], certificates: [] })
  expect(facts.freeBytes.folder).toBeGreaterThan(0)
  mkdirSync(join(above, 'releases/x'), { recursive: true })
  writeFileSync(join(above, 'state.json'), '')
  expect(await gatherFacts(host, above)).toMatchObject({ state: null, manifests: [] })
})

const hasListeners = findProgram('ss', pathOfThisMachine()) !== null

needing('ss', hasListeners)('ports that are taken have the name of the program', async () => {
  vi.stubEnv('PATH', pathOfThisMachine())
  onTestFinished(() => void vi.unstubAllEnvs())
  const server = createServer()
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  const { listeners } = await gatherFacts(host, tempFolder())
  server.close()
  expect(listeners.get(port)).toEqual(expect.stringMatching(/./))
})

LINUX('the identity script prints who we are', async () => {
  const { stdout } = await host.exec(IDENTITY)
  const pairs = readPairs(stdout)
  expect([pairs.one('uid'), pairs.one('user'), pairs.one('home')]).toEqual([
    String(process.getuid?.()),
    output('id', '-un').trim(),
    process.env['HOME'],
  ])
  if (process.getuid?.() === 0) expect(pairs.one('sudo')).toBe('root')
  else expect(['absent', 'free', 'password']).toContain(pairs.one('sudo'))
})

test('pairs repeat, may be empty, and keep what comes after the first =', () => {
  const pairs = readPairs('a=1\nnoise\n=x\na=2=3\nb=\nt=w6k=\n')
  expect([pairs.one('a'), pairs.all('a'), pairs.one('b'), pairs.all('b'), pairs.one('c')]).toEqual([
    '1',
    ['1', '2=3'],
    undefined,
    [''],
    undefined,
  ])
  expect([pairs.text('t'), pairs.text('c'), pairs.suffixes('')]).toEqual(['é', undefined, ['a', 'b', 't']])
})

test('a container that Docker starts again and again is told from one that ended once, or long ago', () => {
  const isCrashing = (state: string, restarts: number, startedAt: string) => {
    const line = `container=ai-proxy-1 ${state} 1 unless-stopped unset ${restarts} ${startedAt}\n`
    return parseFacts(DEBIAN_12_DOCKER + line).containers[0]?.isCrashing ?? false
  }
  const at = (secondsAgo: number) => new Date((1795442400 - secondsAgo) * 1000).toISOString().replace('Z', '123456Z')
  expect(isCrashing('restarting', 1, at(0))).toBe(true)
  expect(isCrashing('running', 3, at(8))).toBe(true)
  expect(isCrashing('running', 2, at(8))).toBe(false)
  expect(isCrashing('running', 9, at(600))).toBe(false)
  expect(isCrashing('exited', 9, '0001-01-01T00:00:00Z')).toBe(false)
})

test('a container is warm while it runs, until the time that its file has', () => {
  const warmUntil = (state: string, name: string) => {
    const lines = `container=${name} ${state} 1 no unset 0 -\nwarm=ai-proxy-1 1795442999\n`
    return parseFacts(DEBIAN_12_DOCKER + lines).containers[0]?.warmUntilS
  }
  expect(warmUntil('running', 'ai-proxy-1')).toBe(1795442999)
  expect([warmUntil('exited', 'ai-proxy-1'), warmUntil('running', 'ai-proxy-2')]).toEqual([undefined, undefined])
})
