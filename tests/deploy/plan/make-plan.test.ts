import { describe, expect, test } from 'vitest'
import { certificateHold, holdWarnings } from '../../../deploy/plan/address/certificate-hold.ts'
import type { Change, Kind } from '../../../deploy/plan/change.ts'
import { makePlan } from '../../../deploy/plan/make-plan.ts'
import { envWarnings } from '../../../deploy/plan/server-env.ts'
import type { RestoreWishes } from '../../../deploy/plan/situation.ts'
import type { Facts } from '../../../deploy/server/facts.ts'
import type { Manifest } from '../../../deploy/server/manifest.ts'
import { parseFacts } from '../../../deploy/server/read-facts.ts'
import { describe as sentences, viewOf } from '../../../deploy/steps/changes/all.ts'
import { renderRoute } from '../../../templates/route.ts'
import {
  afterDeploy,
  CLEAN_DEBIAN,
  changeOf,
  DEBIAN_12_DOCKER,
  file,
  store,
  UBUNTU_WITH_OLD_PROXY,
} from '../../helpers/server/recorded-facts.ts'
import { ENV, envOf, type Wanted, wishesOf } from '../../helpers/server/wishes.ts'

const LATER = new Date('2026-11-24T00:00:00Z')

const plan = (facts: Facts, wanted: Wanted = {}) => makePlan(facts, wishesOf(wanted))
const clean = parseFacts(DEBIAN_12_DOCKER)
const first = plan(clean)
const live = afterDeploy(DEBIAN_12_DOCKER, first, wishesOf())
/** Of a server that the first plan was carried out on. */
const replan = (wanted: Wanted = {}, facts: Partial<Facts> = {}) =>
  plan({ ...live, ...facts }, { env: envOf(ENV), now: LATER, ...wanted })

const kinds = (changes: Change[]) => changes.map(({ kind }) => kind)
const lines = (changes: Change[]) => changes.flatMap(sentences)
const image = (changes: Change[]) => changeOf(changes, 'build-image').image

const REPLACE = 'replace the edge (ports 80 and 443)'

/** What makes a new release take over, in order. */
const TAKE_OVER: Kind[] = ['start-release', 'check-release', 'switch', 'stop-previous']
const WATCHED: Kind[] = ['start-release', 'check-release', 'switch', 'watch', 'stop-previous']
const NEW_RELEASE: Kind[] = [
  ...(['back-up', 'upload-release'] satisfies Kind[]),
  ...WATCHED,
  ...(['check-from-outside', 'clean-up'] satisfies Kind[]),
]

describe('a first deploy', () => {
  test('with Docker there does everything else', () => {
    expect(lines(first)).toEqual([
      'take over your .env: API_KEYS, OPENROUTER_API_KEY, GEMINI_API_KEY, DOMAIN',
      'put scripts/logdb there',
      `build the image ${image(first)} on the server`,
      'start the edge (ports 80 and 443)',
      'start release 20261123-101112',
      'watch release 20261123-101112 for 20 seconds; there is no release to go back to',
      'get a certificate for llm.example.com',
    ])
    expect(kinds(first)).toEqual([
      'make-folders',
      'write-env',
      'write-logdb-script',
      'upload-release',
      'build-image',
      'start-edge',
      'start-release',
      'check-release',
      'switch',
      'watch',
      'get-certificate',
      'check-from-outside',
      'clean-up',
      'keep-reserve',
    ])
    expect(changeOf(first, 'upload-release').release.manifest.id).toBe('20261123-101112')
    expect(changeOf(first, 'switch')).toMatchObject({ instance: '20261123-101112', previous: null, news: [] })
  })

  test('on a clean server installs Docker, and makes a key where none was given', () => {
    const env = envOf(null)
    const bare = plan(parseFacts(CLEAN_DEBIAN), { env })
    expect(lines(bare).slice(0, 2)).toEqual(['install Docker', 'make an API key'])
    expect(kinds(bare)[0]).toBe('install-docker')
    expect(envWarnings(env)).toEqual([
      "the server's .env has no OPENROUTER_API_KEY and no GEMINI_API_KEY: models of those providers answer 503 until you add them and deploy again",
    ])
  })

  test('starts a Docker that does not run, and adds a Compose that is missing', () => {
    const compose = { argv: ['docker', 'compose'] as const, version: '2.37.1' }
    expect(lines(plan({ ...clean, docker: { engine: null, compose } }))[0]).toBe('start Docker')
    expect(lines(plan({ ...clean, docker: { engine: '28.2.2', compose: null } }))[0]).toBe('install Docker Compose')
  })

  test('pulls a prebuilt image instead of building one, and another reference is another image', () => {
    const image = (reference: string) => {
      const changes = plan(clean, { env: envOf(null, { local: `${ENV}GATEWAY_IMAGE=${reference}\n` }) })
      expect(lines(changes)).toContain(`pull the image ${reference}, as ${changeOf(changes, 'build-image').image}`)
      return changeOf(changes, 'build-image').image
    }
    expect(image('registry.example.com/ai-proxy:1')).not.toBe(image('registry.example.com/ai-proxy:2'))
  })

  test('is the same however often it is planned', () => {
    expect(plan(clean)).toEqual(first)
  })

  test('is plain data: a plan that went through JSON is the same plan', () => {
    expect(JSON.parse(JSON.stringify(first))).toEqual(first)
  })

  test('adopts a predecessor’s .env and certificate', () => {
    const facts = parseFacts(`${DEBIAN_12_DOCKER}${file('env', ENV)}${store('acme.json', ['llm.example.com'])}`)
    const adopting = plan(facts, { env: envOf(ENV) })
    const left: Kind[] = ['write-env', 'get-certificate', 'back-up', 'stop-previous']
    expect(kinds(adopting).filter((kind) => left.includes(kind))).toEqual([])
    expect(lines(adopting)).not.toContainEqual(expect.stringContaining('certificate'))
  })
})

describe('on a server as it should be', () => {
  test('there is nothing to do', () => {
    expect(replan()).toEqual([])
    expect(envWarnings(envOf(ENV))).toEqual([])
  })

  test('nothing is refused either, whatever a first deploy would need', () => {
    const cramped = { freeBytes: { docker: 0, folder: 0 }, listeners: new Map([[80, 'docker-proxy']]) }
    expect(replan({}, cramped)).toEqual([])
  })
})

describe('what changed', () => {
  const taken = (parts: string) =>
    `start release 20261124-000000 next to 20261123-101112 and let it take over (changed: ${parts})`
  const stopped = [
    'watch release 20261124-000000 for 20 seconds, and go back to 20261123-101112 if it does not work',
    'stop release 20261123-101112 in 10 minutes',
  ]

  test('config.yml: a new release of the same image', () => {
    const changed = replan({ config: 'model_mappings: { a: "b" }\n' })
    expect(lines(changed)).toEqual([taken('config.yml'), ...stopped])
    expect(kinds(changed)).toEqual(NEW_RELEASE)
    expect(changeOf(changed, 'upload-release').release.manifest.id).toBe('20261124-000000')
    expect(changeOf(changed, 'switch').previous).toEqual({ release: '20261123-101112', instance: '20261123-101112' })
    expect(changeOf(changed, 'stop-previous')).toMatchObject({
      containers: [],
      leftovers: [],
      previous: '20261123-101112',
      warmS: 600,
    })
  })

  test('.env on the server: a new release of the same image', () => {
    const text = `${ENV}LOG_LEVEL=debug\n`
    const changed = replan({ env: envOf(text) }, { env: text })
    expect(lines(changed)).toEqual([taken('values of .env'), ...stopped])
    expect(kinds(changed)).toEqual(NEW_RELEASE)
  })

  test('.env on the server, in what the gateway does not read: nothing', () => {
    const text = `# a comment\n${ENV}LOGDB_ENV=prod\n`
    expect(replan({ env: envOf(text) }, { env: text })).toEqual([])
  })

  test('a source: a new release of a new image', () => {
    const changed = replan({ contextHashes: { ...wishesOf().contextHashes, 'kit/a.ts': 'another hash' } })
    expect(lines(changed)).toEqual([
      `build the image ${image(changed)} on the server`,
      taken('the gateway itself'),
      ...stopped,
    ])
    expect(kinds(changed)).toEqual([...NEW_RELEASE.slice(0, 2), 'build-image', ...NEW_RELEASE.slice(2)])
    expect(image(changed)).not.toBe(image(first))
  })

  test('a setting of the container only', () => {
    const text = `${ENV}HOST_UID=1001\n`
    const changed = replan({ env: envOf(text) }, { env: text })
    expect(lines(changed)).toEqual([taken('settings of the container'), ...stopped])
    expect(kinds(changed)).toEqual(NEW_RELEASE)
  })

  test('several things at once', () => {
    const changed = replan({
      config: 'model_mappings: { a: "b" }\n',
      contextHashes: { Dockerfile: 'hash of Dockerfile' },
      env: envOf(`${ENV}LOG_LEVEL=debug\n`),
    })
    expect(lines(changed)).toContain(taken('the gateway itself, config.yml, values of .env'))
    expect(lines(changed)).toContain("set in the server's .env: LOG_LEVEL")
  })

  test('the domain: .env, the route and a certificate, but no new release and no new edge', () => {
    const changed = replan({ env: envOf(ENV, { overrides: { DOMAIN: 'new.example.com' } }) })
    expect(lines(changed)).toEqual([
      "set in the server's .env: DOMAIN",
      expect.stringMatching(/^answer for new\.example\.com; llm\.example\.com still answers too/),
      'get a certificate for new.example.com',
    ])
    expect(kinds(changed)).toEqual([...['back-up', 'write-env', 'switch', 'get-certificate', 'check-from-outside']])
    expect(changeOf(changed, 'switch')).toMatchObject({ instance: '20261123-101112', news: ['domain'] })
  })

  test('the account or the ports of the edge: the edge is replaced', () => {
    const email = replan({ env: envOf(ENV, { overrides: { ACME_EMAIL: 'me@example.com' } }) })
    expect(lines(email)).toEqual(["set in the server's .env: ACME_EMAIL", REPLACE])
    expect(kinds(email)).toEqual(['back-up', 'write-env', 'replace-edge', 'check-from-outside'])
    expect(changeOf(email, 'replace-edge').expects).toBe('20261123-101112')
    const text = `${ENV}HTTP_PORT=8080\nHTTPS_PORT=8443\n`
    expect(lines(replan({ env: envOf(text) }, { env: text }))).toEqual([REPLACE.replace('80 and 443', '8080 and 8443')])
  })

  test('an edge that cannot be replaced without an interruption: how long it takes, and why', () => {
    const env = envOf(ENV, { overrides: { ACME_EMAIL: 'me@example.com' } })
    const view = (facts: Partial<Facts>) => viewOf(changeOf(replan({ env }, facts), 'replace-edge'), live)
    expect(view({ edge: { ...live.edge, canHandOver: false } })).toMatchObject({
      sentences: ['restart the edge (ports 80 and 443)'],
      below: expect.arrayContaining([
        'a second edge cannot take the connections: Docker does not lead connections there with iptables',
      ]),
      downtime: 'new connections are refused for about 10 seconds while the edge restarts',
    })
    expect(view({ certificates: [] }).below).toContain(
      'a second edge cannot take the connections: acme.json has no certificate for a second one',
    )
    expect(view({}).downtime).toBe('connections over IPv6 break off for about 2 seconds')
    expect(view({ interfaces: ['203.0.113.7'] }).downtime).toBeUndefined()
  })

  test('files of the edge that were written and did not take effect', () => {
    const edge = { ...live.edge, label: 'of-other-files' }
    expect(kinds(replan({}, { edge }))).toEqual(['back-up', 'replace-edge', 'check-from-outside'])
    expect(
      replan({}, { edge: { ...edge, label: /ai-deploy.edge: (\w+)/.exec(live.edge.composeFile ?? '')?.[1] ?? '' } }),
    ).toEqual([])
  })

  test('what a replacement that was cut off left behind is removed, after an edge listens', () => {
    const edge = { ...live.edge, isHandedOver: true }
    const settled = replan({}, { edge })
    expect(kinds(settled)).toEqual(['back-up', 'settle-edge', 'check-from-outside'])
    expect(lines(settled)).toEqual([
      'lead all connections to the edge again, and remove the second one of a run that was cut off',
    ])
    expect(kinds(replan({}, { edge: { ...edge, isRunning: false } }))).toEqual([
      ...['back-up', 'start-edge', 'settle-edge', 'check-from-outside'],
    ])
    expect(kinds(replan({}, { edge: { ...edge, label: 'of-other-files' } }))).toEqual([
      ...['back-up', 'settle-edge', 'replace-edge', 'check-from-outside'],
    ])
  })

  test('the CA: another certificate', () => {
    const text = `${ENV}ACME_STAGING=true\n`
    const staging = replan({ env: envOf(text) }, { env: text })
    expect(lines(staging)).toEqual(['restart the edge (ports 80 and 443)', 'get a certificate for llm.example.com'])
    expect(kinds(staging)).toContain('get-certificate')
    expect(kinds(staging)).not.toContain('ask-again')
    const withCa = replan({ acmeCa: 'PEM' })
    expect(lines(withCa)).toEqual([REPLACE])
    expect(changeOf(withCa, 'replace-edge').files.acmeCa).toBe('PEM')
    const kept = afterDeploy(DEBIAN_12_DOCKER, plan(clean, { acmeCa: 'PEM' }), wishesOf({ acmeCa: 'PEM' }))
    expect(plan(kept, { env: envOf(ENV), now: LATER, acmeCa: kept.edge.acmeCa })).toEqual([])
  })

  test('scripts/logdb', () => {
    const changed = replan({ logdbScript: 'newer' })
    expect(lines(changed)).toEqual(['put scripts/logdb there'])
    expect(kinds(changed)).toEqual(['back-up', 'write-logdb-script', 'check-from-outside'])
  })

  test('logdb auto: where the server can call it, unless .env turns it off', () => {
    const none = { entry: [], script: undefined }
    expect(kinds(replan({}, { routine: { scheduler: undefined, ...none } }))).toEqual([])
    const missing = replan({}, { routine: { scheduler: 'cron', ...none } })
    expect(lines(missing)).toEqual(["run logdb auto hourly with root's crontab"])
    const { script, entry } = changeOf(missing, 'place-routine')
    const routine = { scheduler: 'cron', script, entry } as const
    expect(replan({}, { routine })).toEqual([])
    for (const changed of [{ entry: [] }, { script: 'older' }]) {
      expect(kinds(replan({}, { routine: { ...routine, ...changed } }))).toContain('place-routine')
    }
    const daily = `${ENV}LOGDB_ROUTINE=daily\n`
    expect(lines(replan({ env: envOf(daily) }, { env: daily, routine }))).toEqual([
      "run logdb auto daily with root's crontab",
    ])
    for (const off of ['LOGDB_ROUTINE=never\n', 'LOGDB_ENABLED=false\n']) {
      const text = ENV + off
      expect(lines(replan({ env: envOf(text) }, { env: text, routine }))).toEqual(['run logdb auto no longer'])
      expect(replan({ env: envOf(text) }, { env: text, routine: { scheduler: 'cron', ...none } })).toEqual([])
    }
  })
})

describe('the Logs UI of a release', () => {
  const text = `${ENV}LOGUI=true\nLOGUI_API_KEYS=a viewer\n`
  const changes = replan({ env: envOf(text) }, { env: text })
  const { release, route } = changeOf(changes, 'start-ui')
  const next = changeOf(changes, 'upload-release').release
  const ui = { release, hasContainers: true, route }
  const facts = { ...live, env: text, manifests: [...live.manifests, next.manifest] }
  const withUi = { ...facts, live: release, ui }

  test('starts before the release takes over, and only where it is wanted', () => {
    const order = kinds(changes)
    expect(order.indexOf('start-ui')).toBe(order.indexOf('switch') - 1)
    expect(lines(changes)).toContain(`start the Logs UI of release ${release}, at https://llm.example.com/ui/`)
    expect(next.files.map(({ path }) => path)).toEqual(expect.arrayContaining(['ui.yml', 'ui.env']))
    expect(kinds(first)).not.toContain('start-ui')
    for (const off of ['LOGUI=false\n', 'LOGUI=true\nLOGDB_ENABLED=false\n']) {
      expect(kinds(replan({ env: envOf(ENV + off) }, { env: ENV + off }))).not.toContain('start-ui')
    }
  })

  test('is repaired where it does not run, and removed when .env turns it off', () => {
    const container = { name: `ai-proxy-${release}`, release, state: 'running', isRestarted: true }
    const route = renderRoute({ domain: 'llm.example.com', live: release }, 8123)
    const state = { version: 1, live: { release, instance: release }, previous: null, updatedAt: '' } as const
    const now = { ...withUi, route, state, current: `releases/${release}`, containers: [container] }
    const again = (changed: Partial<Facts>) => plan({ ...now, ...changed }, { env: envOf(text), now: LATER })
    expect(kinds(again({}))).not.toContain('start-ui')
    expect(kinds(again({ ui: { ...ui, release: undefined } }))).toContain('start-ui')
    expect(kinds(again({ ui: { ...ui, route: 'another' } }))).toContain('start-ui')
    const off = plan({ ...now, env: ENV }, { env: envOf(ENV), now: new Date('2026-11-25T00:00:00Z') })
    expect(kinds(off).filter((kind) => ['switch', 'remove-ui'].includes(kind))).toEqual(['switch', 'remove-ui'])
  })
})

describe('the watch', () => {
  const config = 'model_mappings: { a: "b" }\n'
  const id = '20261123-101112'

  test('keeps a way back until it ends, and measures the speed of what answers before', () => {
    const changed = replan({ config })
    expect(changeOf(changed, 'check-release').measures).toBe(id)
    expect(changeOf(changed, 'switch').isWatched).toBe(true)
    expect(changeOf(changed, 'watch')).toMatchObject({ seconds: 20, wayBack: id, isRollback: false })
  })

  test('has no way back on a first deploy, or to a release that does not work', () => {
    for (const changes of [first, replan({ config }, { isLiveSilent: true })]) {
      expect(changeOf(changes, 'watch').wayBack).toBeNull()
      expect(changeOf(changes, 'switch').isWatched).toBeUndefined()
      expect(changeOf(changes, 'check-release').measures).toBeUndefined()
    }
  })

  test('can be turned off, as running on can', () => {
    const text = `${ENV}WATCH_S=0\nWARM_S=0\n`
    const changed = replan({ env: envOf(text), config }, { env: text })
    expect(kinds(changed)).not.toContain('watch')
    expect(changeOf(changed, 'switch').isWatched).toBeUndefined()
    expect(changeOf(changed, 'stop-previous')).toMatchObject({ containers: [`ai-proxy-${id}`], warmS: 0 })
  })

  test('is made again where a run was cut off before its end, and another release takes over from a bad one', () => {
    const watch = changeOf(replan({}, { isUnwatched: true }), 'watch')
    expect(watch).toMatchObject({ kind: 'watch', instance: id, wayBack: null, again: { fallback: null } })
    expect(sentences(watch)).toEqual([
      `watch release ${id} for 20 seconds, since a run that was cut off did not; there is no release to go back to`,
    ])
    const [manifest] = live.manifests
    const older = { ...manifest, id: '20261122-000000' } as Manifest
    const readyMarks = [{ release: older.id, at: '', by: '', verb: '', why: '' }]
    const again = replan({}, { isUnwatched: true, manifests: [...live.manifests, older], readyMarks })
    expect(changeOf(again, 'watch').again).toEqual({ fallback: older.id })
    const off = `${ENV}WATCH_S=0\n`
    expect(kinds(replan({ env: envOf(off) }, { isUnwatched: true, env: off }))).not.toContain('watch')
    expect(changeOf(replan({ env: envOf(off) }, { isUnwatched: true, env: off }), 'remove-torn').hasRoutes).toBe(true)
  })

  test('is for new releases only', () => {
    expect(kinds(replan({}, { isLiveSilent: true }))).not.toContain('watch')
    expect(kinds(replan({ env: envOf(ENV, { overrides: { DOMAIN: 'new.example.com' } }) }))).not.toContain('watch')
  })
})

describe('what is broken', () => {
  const id = '20261123-101112'

  test('a switch that was never recorded is recorded, and what it left running is stopped', () => {
    const other = { name: 'ai-proxy-20261122-101112', state: 'running', release: '20261122-101112' }
    for (const unrecorded of [{ state: null }, { current: null }, { current: 'releases/20261122-101112' }]) {
      const recorded = replan({}, unrecorded)
      expect(lines(recorded)).toEqual([`record that ${id} answers`])
      expect(kinds(recorded)).toEqual(['back-up', 'switch', 'check-from-outside'])
    }
    const both = replan({}, { state: null, containers: [...live.containers, { ...other, isRestarted: true }] })
    expect(kinds(both)).toEqual(['back-up', 'switch', 'stop-previous', 'check-from-outside'])
  })

  test('half-written files are removed, also if nothing else is to do', () => {
    const torn = replan({}, { hasTornFiles: true })
    expect(lines(torn)).toEqual(['remove the half-written files of a run that was cut off'])
    expect(kinds(torn)).toEqual(['remove-torn', 'back-up', 'check-from-outside'])
  })

  test('a container that a run left behind is stopped, also if nothing else is to do', () => {
    const other = { name: 'ai-proxy-20261122-101112', state: 'running', release: '20261122-101112', isRestarted: false }
    const withOther = (more: object) => replan({}, { containers: [...live.containers, { ...other, ...more }] })
    for (const more of [{}, { isRestarted: true }, { state: 'paused' }, { state: 'exited', isRestarted: true }]) {
      const stopping = withOther(more)
      expect(lines(stopping)).toEqual([`stop ${other.name}, which a run that was cut off left behind`])
      expect(kinds(stopping)).toEqual(['back-up', 'stop-previous', 'check-from-outside'])
      expect(changeOf(stopping, 'stop-previous')).toMatchObject({ containers: [other.name], previous: null })
    }
    expect(withOther({ isStopping: true })).toEqual([])
    expect(withOther({ state: 'exited' })).toEqual([])
  })

  test('a container that is kept running for a rollback is left alone until its time is over', () => {
    const name = 'ai-proxy-20261122-101112'
    const warm = { name, state: 'running', release: '20261122-101112', isRestarted: false }
    const containers = (warmUntilS: number) => [...live.containers, { ...warm, warmUntilS }]
    expect(replan({}, { containers: containers(live.clockS + 1) })).toEqual([])
    const over = replan({}, { containers: containers(live.clockS - 60) })
    expect(lines(over)).toEqual([`stop ${name}, which was kept running for a rollback`])
    expect(changeOf(over, 'stop-previous')).toMatchObject({ containers: [name], retired: [name], previous: null })
    const replaced = replan({ config: 'model_mappings: { a: "b" }\n' }, { containers: containers(live.clockS + 600) })
    expect(lines(replaced)).toContain(`stop ${name}, which was kept running for a rollback`)
    expect(changeOf(replaced, 'stop-previous')).toMatchObject({ containers: [name], previous: id, warmS: 600 })
  })

  test('a live release whose container and image are gone is replaced by one of the same content', () => {
    const changes = replan({}, { containers: [], imageTags: [] })
    expect(lines(changes)).toContain(
      'start release 20261124-000000 in place of 20261123-101112, whose container and image are gone',
    )
    expect(kinds(changes)).toContain('build-image')
  })

  test('a live release that does not run is started again', () => {
    const container = { name: `ai-proxy-${id}`, state: 'exited', release: id, isRestarted: true }
    for (const containers of [[container], []]) {
      const repaired = replan({}, { containers })
      expect(lines(repaired)).toEqual([`start release ${id}, which is not running`])
      expect(kinds(repaired)).toEqual(['back-up', 'start-release', 'switch', 'check-from-outside'])
      expect(changeOf(repaired, 'start-release').isContainerKept).toBe(containers.length > 0)
    }
  })

  test('a live release that is paused or off its network goes back to work in its own container', () => {
    const container = { name: `ai-proxy-${id}`, state: 'running', release: id, isRestarted: true }
    const repair = (more: object) => replan({}, { containers: [{ ...container, ...more }] })
    const paused = repair({ state: 'paused', isDetached: true })
    expect(lines(paused)).toEqual([`let release ${id} continue, which is paused`])
    expect(changeOf(paused, 'start-release')).toMatchObject({ instance: id, isContainerKept: true })
    const detached = repair({ isDetached: true })
    expect(lines(detached)).toEqual([`connect release ${id} to the network of the edge again`])
    expect(kinds(detached)).toEqual(['back-up', 'start-release', 'switch', 'check-from-outside'])
  })

  test('a live release that runs but never answers is replaced by another run of it', () => {
    const repaired = replan({}, { isLiveSilent: true })
    expect(lines(repaired)).toEqual([
      `start release ${id} once more and let it take over from its first container, which does not answer any more`,
    ])
    expect(kinds(repaired)).toEqual(['back-up', ...TAKE_OVER, 'check-from-outside'])
    expect(changeOf(repaired, 'start-release')).toMatchObject({ instance: `${id}-2`, isContainerKept: false })
    expect(changeOf(repaired, 'stop-previous')).toMatchObject({ containers: [`ai-proxy-${id}`], previous: id })
    expect(
      changeOf(replan({ config: 'model_mappings: { a: "b" }\n' }, { isLiveSilent: true }), 'switch').instance,
    ).toBe('20261124-000000')
  })

  test('a live release that ends again and again is started once more and watched; else the previous one takes over', () => {
    const crashing = { name: `ai-proxy-${id}`, state: 'restarting', release: id, isRestarted: true, isCrashing: true }
    const repaired = replan({}, { containers: [crashing] })
    const sentence = `start release ${id} once more and let it take over from its first container, which ends again and again`
    expect(lines(repaired)).toEqual([sentence, `watch release ${id} for 20 seconds; there is no release to go back to`])
    expect(kinds(repaired)).toEqual(['back-up', ...WATCHED, 'check-from-outside'])
    expect(changeOf(repaired, 'switch').instance).toBe(`${id}-2`)
    const older = '20261120-000000'
    const [manifest] = live.manifests
    if (manifest === undefined) throw new Error('there is no manifest')
    const withOlder = {
      manifests: [...live.manifests, { ...manifest, id: older }],
      readyMarks: [{ release: older, at: '', by: '', verb: '', why: '' }],
    }
    const fallback = `; if it does not work then, switch to release ${older}`
    expect(lines(replan({}, { containers: [crashing], ...withOlder }))[0]).toBe(sentence + fallback)
    const failed = withOlder.readyMarks.map((mark) => ({ ...mark, failed: 'it ended' }))
    expect(lines(replan({}, { containers: [crashing], ...withOlder, readyMarks: failed }))[0]).toBe(sentence)
  })

  test('folders that were removed are made again, and what has them open starts again', () => {
    const backups = replan({}, { missingFolders: ['backups'] })
    expect(lines(backups)).toEqual(['make the missing folders again: backups'])
    expect(kinds(backups)).toEqual(['back-up', 'make-folders', 'check-from-outside'])
    const logs = replan({}, { missingFolders: ['logs'] })
    expect(kinds(logs)).toEqual(['back-up', 'make-folders', ...TAKE_OVER, 'check-from-outside'])
    expect(changeOf(logs, 'switch').instance).toBe(`${id}-2`)
    const unmounted = replan({}, { missingFolders: ['certs'], edge: { ...live.edge, trouble: 'unmounted' } })
    expect(lines(unmounted)).toEqual([
      'make the missing folders again: certs',
      'restart the edge, which lost its folders (it is unavailable for a few seconds)',
    ])
  })

  test('a live release that somebody told to stop is replaced too', () => {
    const containers = live.containers.map((container) => ({ ...container, isStopping: true }))
    const repaired = replan({}, { containers })
    expect(lines(repaired)).toEqual([
      `start release ${id} once more and let it take over from its first container, which was told to stop`,
    ])
    expect(changeOf(repaired, 'switch').instance).toBe(`${id}-2`)
  })

  test('a live release with neither container nor image is made again', () => {
    const repaired = replan({}, { containers: [], imageTags: [] })
    expect(kinds(repaired)).toEqual([...NEW_RELEASE.slice(0, 2), 'build-image', ...NEW_RELEASE.slice(2)])
    expect(changeOf(repaired, 'stop-previous').containers).toEqual([])
  })

  test('an edge that is paused, off its network or does not answer is put to work again', () => {
    const repair = (edge: Partial<Facts['edge']>) => replan({}, { edge: { ...live.edge, ...edge } })
    expect(lines(repair({ isRunning: false, trouble: 'paused' }))).toEqual(['let the edge continue, which is paused'])
    expect(lines(repair({ trouble: 'detached' }))).toEqual(['connect the edge to its network again and restart it'])
    expect(lines(repair({ trouble: 'unhealthy' }))).toEqual([
      'restart the edge, which does not answer (it is unavailable for a few seconds)',
    ])
    const listeners = new Map([[80, 'docker-proxy']])
    const paused = { ...live.edge, isRunning: false, trouble: 'paused' } as const
    expect(kinds(replan({}, { edge: paused, listeners }))).toContain('start-edge')
  })

  test('an edge is not expected to lead where it cannot', () => {
    const edge = { ...live.edge, isRunning: false }
    const expects = (facts: Partial<Facts>, wanted: Wanted = {}) =>
      changeOf(replan({ config: 'model_mappings: { a: "b" }\n', ...wanted }, { edge, ...facts }), 'start-edge').expects
    expect(expects({})).toBe(id)
    expect(expects({ containers: [] })).toBeNull()
    expect(expects({ isLiveSilent: true })).toBeNull()
    expect(expects({ route: null })).toBeNull()
    expect(expects({}, { env: envOf(ENV, { overrides: { DOMAIN: 'new.example.com' } }) })).toBeNull()
  })

  test('a .env that is lost is written again, and nothing else changes', () => {
    const env = envOf(ENV, { rebuiltFrom: id })
    const repaired = replan({ env }, { env: null })
    expect(lines(repaired)).toEqual([`write the lost .env again, from release ${id} and the edge`])
    expect(kinds(repaired)).toEqual(['back-up', 'write-env', 'check-from-outside'])
  })

  test('a route that is lost leads to the live release again', () => {
    for (const route of [null, '', 'garbage: [']) {
      const repaired = replan({}, { route })
      expect(lines(repaired)).toEqual([`lead the edge to release ${id} again, for llm.example.com`])
      expect(kinds(repaired)).toEqual(['back-up', 'switch', 'check-from-outside'])
    }
  })

  test('an edge that does not run is started', () => {
    const repaired = replan({}, { edge: { ...live.edge, isRunning: false } })
    expect(lines(repaired)).toEqual(['start the edge'])
    expect(changeOf(repaired, 'start-edge').files).toBeNull()
  })

  test('asks for a certificate that failed only after its back-off, and says until when', () => {
    const { caServer } = wishesOf().settings.acme
    const failed = { domain: 'llm.example.com', caServer, count: 2, atS: live.clockS - 60, says: 'NXDOMAIN' }
    const held = { certificates: [], acmeAttempts: [{ ...failed, retryAtS: live.clockS + 60 }] }
    expect(replan({}, held)).toEqual([])
    const released = replan({ config: 'model_mappings:\n  a: echo:a\n' }, held)
    expect(kinds(released)).not.toContain('get-certificate')
    expect(changeOf(released, 'switch').gateway.isCertificateHeld).toBe(true)
    expect(renderRoute({ ...changeOf(released, 'switch').gateway, live: 'x' }, 8123)).not.toContain('certResolver')
    const { settings } = wishesOf()
    expect(holdWarnings(certificateHold({ ...live, ...held }, settings))).toEqual([
      expect.stringMatching(
        /^no certificate for llm\.example\.com is asked for before 2026-\S+ \d\d:\d\d UTC.*failed 2 times \(NXDOMAIN\)$/,
      ),
    ])
    const over = { certificates: [], acmeAttempts: [{ ...failed, retryAtS: live.clockS }] }
    expect(kinds(replan({}, over))).toEqual(['back-up', 'ask-again', 'get-certificate', 'check-from-outside'])
    const withoutResolver = renderRoute({ domain: 'llm.example.com', live: live.live, isCertificateHeld: true }, 8123)
    expect(kinds(replan({}, { ...over, route: withoutResolver }))).toEqual([
      ...['back-up', 'switch', 'get-certificate', 'check-from-outside'],
    ])
  })

  test('keeps a name that is changed for a week, and until the new one has its certificate', () => {
    const renamed = envOf(ENV.replace('llm.', 'new.'))
    const certified = ['llm', 'new'].map((name) => ({ file: 'acme.json', domain: `${name}.example.com` }))
    const untilS = live.clockS + 7 * 86_400
    const formerDomains = [{ domain: 'llm.example.com', untilS }]
    const change = changeOf(replan({ env: renamed }), 'switch')
    expect(change.gateway.formerDomains).toEqual(formerDomains)
    expect(sentences(change)).toEqual([
      `answer for new.example.com; llm.example.com still answers too, until ${new Date(untilS * 1000).toISOString().slice(0, 10)} at least`,
    ])
    const route = renderRoute({ ...change.gateway, live: live.live }, 8123)
    const after = { route, env: renamed.text, certificates: certified }
    expect(replan({ env: renamed }, after)).toEqual([])
    const later = { ...after, clockS: untilS + 1 }
    const dropping = changeOf(replan({ env: renamed }, later), 'switch')
    expect(sentences(dropping)).toEqual(['stop answering for llm.example.com'])
    expect(dropping.gateway.formerDomains).toBeUndefined()
    const uncertified = { ...later, certificates: certified.slice(0, 1) }
    expect(lines(replan({ env: renamed }, uncertified))).toEqual(['get a certificate for new.example.com'])
    const at = changeOf(replan({ env: renamed, dropsOldDomains: true }), 'switch')
    expect(sentences(at)).toEqual(['answer for new.example.com', 'stop answering for llm.example.com'])
    const back = changeOf(replan({}, after), 'switch')
    expect(back.gateway.formerDomains).toEqual([{ domain: 'new.example.com', untilS }])
    const released = replan({ env: renamed, config: 'model_mappings:\n  a: echo:a\n' })
    expect(lines(released)).toContain(sentences(change)[0])
  })

  test('mends a certificate store that Traefik refuses, and lets the edge read it', () => {
    const storeFaults = [
      { file: '.', kind: 'owner' as const },
      { file: 'acme.json', kind: 'mode' as const },
      { file: 'acme.json', kind: 'content' as const },
    ]
    const mending = replan({}, { storeFaults })
    expect(kinds(mending)).toEqual(['back-up', 'mend-certificates', 'replace-edge', 'check-from-outside'])
    expect(changeOf(mending, 'replace-edge').reason).toBe('certificates')
    expect(viewOf(changeOf(mending, 'mend-certificates'), live).below).toEqual([
      'certs does not belong to root: its owner changes',
      'certs/acme.json can be read by others, so Traefik refuses it: its mode becomes 0600',
      'certs/acme.json is not valid JSON, so Traefik refuses it: it gets another name, and the edge asks for a new certificate',
    ])
    const edge = { ...live.edge, isRunning: false }
    expect(kinds(replan({}, { storeFaults, edge }))).toEqual([
      'back-up',
      'mend-certificates',
      'start-edge',
      'check-from-outside',
    ])
  })

  test('a certificate that is missing is asked for again', () => {
    const asking = replan({}, { certificates: [] })
    const until = (validUntilS: number) => [{ file: 'acme.json', domain: 'llm.example.com', validUntilS }]
    expect(kinds(replan({}, { certificates: until(live.clockS - 1) }))).toContain('get-certificate')
    expect(replan({}, { certificates: until(live.clockS + 1) })).toEqual([])
    expect(lines(asking)).toEqual(['get a certificate for llm.example.com'])
    expect(kinds(asking)).toEqual(['back-up', 'ask-again', 'get-certificate', 'check-from-outside'])
    const ofAnotherCa = [{ file: 'acme-staging.json', domain: 'llm.example.com' }]
    expect(kinds(replan({}, { certificates: ofAnotherCa }))).toContain('get-certificate')
  })

  test('a route file that somebody edited is written again', () => {
    expect(lines(replan({}, { route: `${live.route}# edited\n` }))).toEqual(['answer for llm.example.com'])
  })

  test('an image that was removed is built again with the next release only', () => {
    expect(replan({}, { imageTags: [] })).toEqual([])
    expect(kinds(replan({ config: 'model_mappings: { a: "b" }\n' }, { imageTags: [] }))).toContain('build-image')
  })

  test('a release whose manifest is lost is replaced', () => {
    const replaced = replan({}, { manifests: [] })
    expect(changeOf(replaced, 'upload-release').release.manifest.id).toBe('20261124-000000')
    expect(lines(replaced)).toEqual([
      'start release 20261124-000000',
      'watch release 20261124-000000 for 20 seconds; there is no release to go back to',
    ])
    expect(changeOf(replaced, 'stop-previous').previous).toBe(id)
  })
})

describe('releases that are too old for a rollback', () => {
  const manifest = changeOf(first, 'upload-release').release.manifest
  const older = [1, 2, 3, 4, 5, 6].map((n) => ({ ...manifest, id: `2026110${n}-000000`, image: `ai-proxy:${n}` }))
  const containers = older.map(({ id }) => ({
    name: `ai-proxy-${id}`,
    state: 'exited',
    release: id,
    isRestarted: false,
  }))

  test('are removed with their containers; five are kept, and their images', () => {
    const facts = { manifests: [...older, ...live.manifests], containers: [...containers, ...live.containers] }
    const changed = replan({ config: 'model_mappings: { a: "b" }\n' }, facts)
    const tag = manifest.image.split(':')[1]
    expect(changeOf(changed, 'clean-up')).toEqual({
      kind: 'clean-up',
      live: '20261124-000000',
      keptCount: 4,
      draining: [],
      removed: ['20261103-000000', '20261102-000000', '20261101-000000'].map((release) => ({
        release,
        containers: [`ai-proxy-${release}`],
      })),
      keptTags: [tag, tag, '6', '5', '4'],
    })
  })

  test('stay while they finish their answers, and so does the one to go back to', () => {
    const [oldest, next] = containers
    if (oldest === undefined || next === undefined) throw new Error('there are six')
    const draining = { ...oldest, state: 'running', isStopping: true }
    const state = {
      version: 1,
      live: { release: '20261123-101112', instance: '20261123-101112' },
      previous: { release: next.release, instance: next.release },
      updatedAt: '',
    } as const
    const changed = replan(
      { config: 'model_mappings: { a: "b" }\n' },
      {
        state,
        manifests: [...older, ...live.manifests],
        containers: [draining, ...containers.slice(1), ...live.containers],
      },
    )
    const { removed, draining: shown } = changeOf(changed, 'clean-up')
    expect(removed.map(({ release }) => release)).toEqual(['20261103-000000'])
    expect(shown).toEqual([oldest.release])
  })

  test('a disk without a reserve gets one with the next change, and none by itself', () => {
    expect(replan({}, { hasReserve: false })).toEqual([])
    expect(kinds(replan({ logdbScript: 'newer' }, { hasReserve: false })).at(-1)).toBe('keep-reserve')
  })
})

describe('a restore', () => {
  const archive = { path: '/root/ai-proxy/backups/b.tar.gz', isLocal: false }
  const staging = '/root/ai-proxy/.restore-20261124-000000'
  const of = (more: Partial<RestoreWishes>): Wanted => ({
    context: { kind: 'server', folder: `${staging}/releases/1/context` },
    restore: { archive, staging, releaseFolder: 'releases/1', certificates: [], ...more },
  })
  const config = 'model_mappings: { a: "b" }\n'

  test('unpacks first, backs up what is there, and removes what was unpacked as soon as it is not needed', () => {
    const restored = replan({ ...of({}), config })
    expect(kinds(restored)).toEqual([
      ...(['unpack-backup', 'back-up', 'upload-release'] satisfies Kind[]),
      ...WATCHED,
      ...(['remove-unpacked', 'check-from-outside', 'clean-up'] satisfies Kind[]),
    ])
    expect(changeOf(restored, 'unpack-backup')).toEqual({
      kind: 'unpack-backup',
      archive,
      staging,
      members: ['releases/1'],
      context: { folder: 'releases/1', hashes: wishesOf().contextHashes },
    })
    expect(changeOf(restored, 'back-up').protects).toBe('b.tar.gz')
  })

  test('backs up what is left of a server too, and nothing where nothing is', () => {
    const facts = { ...clean, env: ENV }
    expect(changeOf(plan(facts, of({})), 'back-up')).toMatchObject({ release: null, image: null, includesLogs: true })
    expect(kinds(plan(facts, { ...of({}), skipsBackup: true }))).not.toContain('back-up')
    expect(kinds(plan(clean, of({})))).not.toContain('back-up')
  })

  test('with certificates puts them in place before anything reads them, and replaces the edge', () => {
    const restored = replan(of({ certificates: ['certs/acme.json'] }))
    expect(lines(restored)).toEqual(['put its certificates in place', `${REPLACE}, so that it reads the certificates`])
    expect(kinds(restored)).toEqual([
      'unpack-backup',
      'back-up',
      'place-certificates',
      'replace-edge',
      'remove-unpacked',
      'check-from-outside',
      'remove-previous-certificates',
    ])
    expect(changeOf(restored, 'unpack-backup').members).toEqual(['releases/1', 'certs/acme.json'])
  })

  test('of what the server runs already is nothing to do', () => {
    expect(replan(of({}))).toEqual([])
  })

  test('brings log databases back, verified, when the release answers, and reads the logs at the end', () => {
    const hashes = { '.env': '1', 'logs/db/a.sqlite3': '2', 'releases/1/config.yml': '3', 'certs/acme.json': '4' }
    const logs = { id: 'ID', inconsistent: ['b.sqlite3'] }
    const restored = replan({ ...of({ logs, hashes }), config }, { hasLogDatabases: true })
    expect(changeOf(restored, 'unpack-backup')).toMatchObject({
      members: ['releases/1', 'logs/db'],
      hashes: { 'logs/db/a.sqlite3': '2', 'releases/1/config.yml': '3' },
    })
    const after = kinds(restored).slice(kinds(restored).indexOf('switch'))
    expect(after.filter((kind) => kind !== 'stop-previous')).toEqual([
      ...([
        'switch',
        'watch',
        'restore-logs',
        'remove-unpacked',
        'check-from-outside',
        'clean-up',
        'read-logs',
      ] satisfies Kind[]),
    ])
    const { image } = changeOf(restored, 'upload-release').release.manifest
    const instance = changeOf(restored, 'switch').instance
    expect(changeOf(restored, 'restore-logs')).toMatchObject({ image, instance, granularity: '' })
    expect(lines(restored)).toContain(
      'put its log databases in place; the present ones move to logs/db.before-ID, and what they have forgotten or do not retain is removed',
    )
    expect(lines(restored)).toContain('put 1 that may be damaged into logs/db.inconsistent-ID: b.sqlite3')
    expect(lines(restored)).toContain('read all logs into the log databases again')
    expect(kinds(replan(of({ logs })))).toContain('restore-logs')
  })

  test('of a predecessor’s backup unpacks nothing but certificates', () => {
    const settingsOnly = replan({ ...of({ releaseFolder: null }), config })
    expect(kinds(settingsOnly)).toEqual(NEW_RELEASE)
    const withCertificates = replan({ ...of({ releaseFolder: null, certificates: ['./certs/acme.json'] }), config })
    expect(changeOf(withCertificates, 'unpack-backup')).toMatchObject({ members: ['./certs/acme.json'], context: null })
  })
})

describe('before anything is changed, a server is refused', () => {
  const refusal = (facts: Facts, wanted: Wanted = {}): unknown => {
    try {
      return plan(facts, wanted)
    } catch (error) {
      return error
    }
  }

  test('with too little space', () => {
    expect(refusal({ ...clean, freeBytes: { docker: 2 * 1024 ** 3 - 1, folder: 2 ** 40 } })).toMatchObject({
      code: 'DISK_FULL',
      exitCode: 13,
      message: "too little free space for Docker's images: 2047 MiB, needed 2048 MiB",
      hint: 'free some space on the server (docker system df shows what Docker uses), then run again',
    })
    expect(refusal({ ...clean, freeBytes: { docker: 2 ** 40, folder: 0 } })).toMatchObject({
      code: 'DISK_FULL',
      message: 'too little free space for the releases: 0 MiB, needed 2048 MiB',
    })
    expect(refusal({ ...clean, freeBytes: { docker: 2 * 1024 ** 3, folder: 2 * 1024 ** 3 } })).toEqual(first)
    const config = 'model_mappings: { a: "b" }\n'
    const withFree = (mib: number) => ({ ...live, freeBytes: { docker: mib * 1024 ** 2, folder: mib * 1024 ** 2 } })
    const wanted = { env: envOf(ENV), now: LATER, config }
    expect(kinds(plan(withFree(64), wanted))).toEqual(NEW_RELEASE)
    expect(refusal(withFree(63), wanted)).toMatchObject({
      code: 'DISK_FULL',
      message: "too little free space for Docker's images: 63 MiB, needed 64 MiB",
    })
  })

  test('whose ports are taken', () => {
    expect(refusal(parseFacts(UBUNTU_WITH_OLD_PROXY))).toMatchObject({
      code: 'PORT_TAKEN',
      exitCode: 13,
      message: 'port 80 of the server is taken by nginx',
      hint: "stop nginx, or set HTTP_PORT and HTTPS_PORT in the server's .env (Let's Encrypt needs port 80), then run again",
    })
    const env = envOf(null, { local: `${ENV}HTTP_PORT=8080\nHTTPS_PORT=8443\n` })
    expect(kinds(plan(parseFacts(UBUNTU_WITH_OLD_PROXY), { env }))).not.toContain('install-docker')
    expect(refusal({ ...clean, listeners: new Map([[443, 'caddy']]) })).toMatchObject({
      message: 'port 443 of the server is taken by caddy',
    })
    const byOurEdge = { listeners: new Map([[443, 'docker-proxy']]) }
    expect(kinds(replan({ config: 'model_mappings: { a: "b" }\n' }, byOurEdge))).toEqual(NEW_RELEASE)
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
    expect(refusal({ ...alpine, docker: { engine: null, compose: null } })).toMatchObject({
      message: 'Docker Compose is missing and alpine is neither Debian nor Ubuntu',
    })
    for (const arch of ['x86_64', 'aarch64', 'arm64']) expect(refusal(of({ arch }))).toEqual(first)
    const mint = plan({ ...of({ id: 'linuxmint', like: 'ubuntu debian' }), docker: null })
    expect(kinds(mint)).toContain('install-docker')
    expect(refusal({ ...alpine, docker: clean.docker })).toEqual(first)
  })
})

test('differences that have no effect are reported', () => {
  const env = envOf(ENV, { local: 'API_KEYS=other\nGEMINI_API_KEY=g\n' })
  expect(replan({ env })).toEqual([])
  expect(envWarnings(env)).toEqual(["your .env differs from the server's in API_KEYS; the value on the server is used"])
  expect(envWarnings(envOf(null, { local: `${ENV}HTTP_PORT=9000\n` }))).toEqual([
    'HTTP_PORT of your .env means the local gateway and is not copied; on a server it is the port of the edge',
  ])
})

test('a server whose edge belongs to another folder is refused', () => {
  expect(() => replan({ config: 'model_mappings: {}' }, { folder: '/opt/gateway' })).toThrow(
    'the edge of this server belongs to /root/ai-proxy, not to /opt/gateway',
  )
})
