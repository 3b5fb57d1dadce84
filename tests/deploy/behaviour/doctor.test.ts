import { once } from 'node:events'
import { connect as connectTo, createServer } from 'node:net'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { memoryCheck } from '../../../deploy/commands/look/doctor/memory-check.ts'
import { type Outward, outwardChecks } from '../../../deploy/commands/look/doctor/outward-checks.ts'
import { parseFacts } from '../../../deploy/server/read-facts.ts'
import { serverSettings } from '../../../templates/server-settings.ts'
import { CLEAN_DEBIAN, DEBIAN_12_DOCKER } from '../../helpers/server/recorded-facts.ts'
import { type Authority, makeAuthority, startTlsServer } from '../../helpers/server/tls-server.ts'
import { sharedTempFolder } from '../../helpers/temp-folder.ts'

const folder = sharedTempFolder()
let authority: Authority
beforeAll(() => {
  authority = makeAuthority(folder)
})

/** @param ports of this machine, by the name under which the server connects to them */
function serverThatReaches(ports: Record<string, number>) {
  return async (_port: number, address: string) => {
    const port = ports[address]
    if (port === undefined) throw new Error(`getaddrinfo ENOTFOUND ${address}`)
    const socket = connectTo(port, '127.0.0.1')
    await once(socket, 'connect')
    return socket
  }
}

async function listening(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

async function caThat(status: number): Promise<number> {
  const server = await startTlsServer(authority.issue(['ca.test']), (_, response) => response.writeHead(status).end())
  onTestFinished(() => server.close())
  return server.port
}

const settingsOf = (values: Record<string, string>) =>
  serverSettings({ DOMAIN: 'llm.example.com', ACME_CA_SERVER: 'https://ca.test/directory', ...values }, false)
const outward = (values: Record<string, string> = {}): Outward => ({
  ...{ settings: settingsOf(values), mirrors: [], hasOwnCertificate: true, acmeCa: authority.ca },
})

test('images come from Docker Hub through its mirror if that is reached, and from the registries that are named', async () => {
  const port = await listening()
  const check = async (ports: Record<string, number>, wanted: Outward) => {
    const [found] = await outwardChecks(serverThatReaches(ports), wanted)
    return [found?.isOk, found?.says]
  }
  const mirrors = ['http://mirror.test:5000/']
  expect(await check({ 'registry-1.docker.io': port }, outward())).toEqual([
    true,
    'the server reaches registry-1.docker.io',
  ])
  expect(await check({ 'mirror.test': port }, { ...outward(), mirrors })).toEqual([
    true,
    'the server reaches mirror.test:5000',
  ])
  const prebuilt = outward({ GATEWAY_IMAGE: 'registry.test:5001/ai-proxy:1' })
  expect(await check({ 'registry-1.docker.io': port, 'registry.test': port }, prebuilt)).toEqual([
    true,
    'the server reaches registry-1.docker.io and registry.test:5001',
  ])
  expect(await check({ 'registry-1.docker.io': port }, prebuilt)).toEqual([
    false,
    'the server does not reach registry.test:5001 (getaddrinfo ENOTFOUND registry.test)',
  ])
  expect(await check({}, { ...outward(), mirrors })).toEqual([
    false,
    'the server does not reach mirror.test:5000 (getaddrinfo ENOTFOUND mirror.test) and registry-1.docker.io (getaddrinfo ENOTFOUND registry-1.docker.io)',
  ])
})

test('the CA must answer, with a certificate that is trusted; with a certificate of the owner it is not asked', async () => {
  const check = async (ports: Record<string, number>, wanted: Partial<Outward> = {}) => {
    const all = await outwardChecks(serverThatReaches(ports), { ...outward(), hasOwnCertificate: false, ...wanted })
    const found = all.find(({ name }) => name === 'ca')
    return found && [found.isOk, found.says]
  }
  const [well, busy] = [await caThat(200), await caThat(503)]
  expect(await check({ 'ca.test': well })).toEqual([true, 'the server reaches ca.test'])
  expect(await check({ 'ca.test': busy })).toEqual([false, 'ca.test answers the server with 503'])
  expect(await check({ 'ca.test': well }, { acmeCa: null })).toEqual([
    false,
    expect.stringMatching(/^the server does not reach ca\.test: .*certificate/),
  ])
  expect(await check({})).toEqual([false, 'the server does not reach ca.test: getaddrinfo ENOTFOUND ca.test'])
  expect(await check({ 'ca.test': well }, { hasOwnCertificate: true })).toBeUndefined()
})

test('memory must do for a second release, and for a build where there is no image yet', () => {
  const [clean, deployed] = [parseFacts(CLEAN_DEBIAN), { ...parseFacts(DEBIAN_12_DOCKER), imageTags: ['1'] }]
  const settings = settingsOf({})
  expect(memoryCheck(deployed, settings, 200)).toMatchObject({ isOk: true, says: '200 MiB available, with swap' })
  expect(memoryCheck(deployed, settings, 100)).toMatchObject({ isOk: false, remedy: 'stop other programs or add swap' })
  expect(memoryCheck(clean, settings, 200)).toMatchObject({
    isOk: false,
    says: '200 MiB available with swap, and a build needs 700 MiB',
    remedy: expect.stringContaining('--build local'),
  })
  expect(memoryCheck(clean, settingsOf({ GATEWAY_IMAGE: 'x' }), 200)).toMatchObject({ isOk: true })
  expect(memoryCheck(clean, settings, undefined)).toMatchObject({ isOk: true })
})
