import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, createServer as createPlainServer } from 'node:net'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { createBackup } from '../../../deploy/commands/backup-create.ts'
import { deploy } from '../../../deploy/commands/deploy.ts'
import { https } from '../../../deploy/commands/https.ts'
import { status } from '../../../deploy/commands/look/status.ts'
import { restoreBackup } from '../../../deploy/commands/restore-backup.ts'
import { testHttps } from '../../../deploy/commands/test-https.ts'
import { checkRedirect } from '../../../deploy/probe/redirect.ts'
import { output } from '../../helpers/process/programs.ts'
import { describeWithStandIn, type StandInProject, startStandInProject } from '../../helpers/server/stand-in-project.ts'
import { makeAuthority } from '../../helpers/server/tls-server.ts'
import { sharedTempFolder } from '../../helpers/temp-folder.ts'

const DOMAIN = 'llm.test.invalid'
const VIEW = { resolve: { [DOMAIN]: '127.0.0.1' }, extraCa: null }

/** Port of this machine that answers plain HTTP with these. */
async function answering(status: number, location?: string, port = 0): Promise<number> {
  const server: Server = createServer((_request, response) => {
    response.writeHead(status, location === undefined ? {} : { location }).end()
  })
  await once(server.listen(port, '127.0.0.1'), 'listening')
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

test('plain HTTP must lead to HTTPS of the same name', async () => {
  const place = { domain: DOMAIN, leadsTo: `https://${DOMAIN}:8443` }
  const right = await answering(301, `https://${DOMAIN}:8443/health`)
  expect(await checkRedirect({ ...place, httpPort: right }, VIEW)).toBeNull()
  const wrong = await answering(302, 'https://elsewhere/')
  expect(await checkRedirect({ ...place, httpPort: wrong }, VIEW)).toMatch(
    /answers 302 to https:\/\/elsewhere\/, not with a redirect to https:\/\/llm\.test\.invalid:8443\/health$/,
  )
  expect(await checkRedirect({ ...place, httpPort: await answering(200) }, VIEW)).toMatch(/answers 200, not/)
  const closed = createPlainServer().listen(0, '127.0.0.1')
  await once(closed, 'listening')
  const { port } = closed.address() as AddressInfo
  closed.close()
  expect(await checkRedirect({ ...place, httpPort: port }, VIEW)).toMatch(/ECONNREFUSED/)
})

describeWithStandIn('names and certificates', () => {
  let project: StandInProject
  const folder = sharedTempFolder()
  beforeAll(async () => {
    project = await startStandInProject(folder)
  })
  afterAll(() => project?.close())

  const checksOf = async () => {
    const { exitCode, stdout } = await project.run(testHttps, { json: true })
    const { result, error } = JSON.parse(stdout)
    const failed = result.checks.filter(({ ok }: { ok: boolean }) => !ok)
    return { exitCode, error, failed, names: result.checks.map(({ name }: { name: string }) => name) }
  }

  test('https changes nothing before the first deploy, and says which command makes it', async () => {
    const { exitCode, stderr } = await project.run(https)
    expect(exitCode).toBe(2)
    expect(stderr).toMatch(/^✖ No gateway runs there yet\.\nHint: .*ai-deploy --host localhost/)
    expect((await project.run(testHttps)).exitCode).toBe(2)
  })

  test('test-https names what is missing, with its remedy', async () => {
    expect((await project.run(deploy)).exitCode).toBe(0)
    const httpPort = Number(new URL(project.url).port) + 1
    const blocked = await checksOf()
    expect(blocked.names).toEqual(['clock', 'store', 'dns', 'redirect', 'certificate', 'api'])
    expect(blocked.failed).toMatchObject([
      { name: 'redirect', remedy: expect.stringContaining(`open port ${httpPort} in the firewall`) },
    ])
    expect([blocked.exitCode, blocked.error.code]).toEqual([41, 'NOT_REACHABLE'])
    await answering(301, `${project.url}/health`, httpPort)
    expect(await checksOf()).toMatchObject({ exitCode: 0, failed: [] })
    project.server.setAcmeLog(
      '{"error":"acme: error: 403 :: urn:ietf:params:acme:error:caa :: CAA record","message":"acme"}\n',
    )
    const other = join(folder, 'other-ca.pem')
    writeFileSync(other, makeAuthority(mkdtempSync(join(folder, 'other-'))).ca)
    const { stdout, exitCode } = await project.run(testHttps, { caFile: other })
    expect([exitCode, stdout.match(/^(pass|FAIL) {2}certificate .*\n.*/m)?.[0]]).toEqual([
      40,
      expect.stringMatching(
        /\(issued by Test CA\): acme: error: 403.*CAA record\n {6}let the CA give certificates for llm/,
      ),
    ])
  })

  test('https leaves a release alone whose files have changed here', async () => {
    project.addModel('changed')
    const release = project.live()
    const { exitCode, stderr } = await project.run(https)
    expect([exitCode, project.live()], stderr).toEqual([0, release])
    expect(stderr).toContain('Nothing to change')
  })

  /** Serial number of what clients see. */
  const shown = async () => {
    const socket = connect({
      host: '127.0.0.1',
      port: Number(new URL(project.url).port),
      servername: DOMAIN,
      rejectUnauthorized: false,
    })
    await once(socket, 'secureConnect')
    const { serialNumber } = socket.getPeerCertificate()
    socket.destroy()
    return serialNumber
  }
  const ownFiles = () => readdirSync(join(project.server.folder, 'certs')).filter((name) => name.startsWith('own-'))
  const serialOf = ({ cert }: { cert: string }) => new X509Certificate(readFileSync(cert)).serialNumber

  test('a certificate of the owner takes effect, stays, is replaced, and gives way to the CA again', async () => {
    const ofCa = await shown()
    const foreign = await project.run(https, project.certificate(['other.test.invalid']))
    expect([foreign.exitCode, foreign.calls, ownFiles()]).toEqual([2, [], []])
    expect(foreign.stderr).toMatch(
      /✖ The certificate in \S+ is for other\.test\.invalid, not for llm\.test\.invalid\.\nHint: /,
    )

    const pair = project.certificate([DOMAIN], 30)
    const { exitCode, stderr } = await project.run(https, pair)
    expect(exitCode, stderr).toBe(0)
    const [file = ''] = ownFiles()
    expect(statSync(join(project.server.folder, 'certs', file)).mode & 0o777).toBe(0o600)
    expect([await shown(), project.server.read('edge/dynamic/app.yml')]).toEqual([
      serialOf(pair),
      expect.not.stringContaining('certResolver'),
    ])
    expect(stderr).not.toContain('PRIVATE KEY')
    const serial = serialOf(pair)

    project.addModel('with-own')
    expect((await project.run(deploy)).exitCode).toBe(0)
    expect([await shown(), ownFiles()]).toEqual([serial, [file]])

    const next = project.certificate([DOMAIN], 10)
    const replaced = await project.run(https, next)
    expect(replaced.stderr).toMatch(/your certificate ends in \d+ days and does not renew itself/)
    expect([replaced.exitCode, await shown(), ownFiles().length]).toEqual([0, serialOf(next), 1])
    expect(ownFiles()).not.toEqual([file])
    expect((await project.run(status)).stderr).toMatch(
      /Note: your certificate ends in \d+ days and does not renew itself/,
    )
    const { stdout } = await project.run(testHttps)
    expect(stdout).toMatch(
      /pass {2}certificate +issued by Test CA, \d+ days left, your own, which does not renew itself/,
    )

    const back = await project.run(https, { cert: false })
    expect([back.exitCode, await shown(), ownFiles()], back.stderr).toEqual([0, ofCa, []])
    expect(project.server.read('edge/dynamic/app.yml')).toContain('certResolver')
    expect(project.server.read('edge/traefik.yml')).toContain('certificatesResolvers')
  })

  test('it comes back from a backup, on an empty server too', async () => {
    const pair = project.certificate([DOMAIN], 30)
    expect((await project.run(https, pair)).exitCode).toBe(0)
    expect((await project.run(createBackup)).exitCode).toBe(0)
    const newest =
      readdirSync(join(project.server.folder, 'backups'))
        .filter((name) => name.endsWith('.tar.gz'))
        .sort()
        .at(-1) ?? ''
    const copy = join(folder, 'copy.tar.gz')
    copyFileSync(join(project.server.folder, 'backups', newest), copy)
    const gone = await project.run(https, { cert: false })
    expect([gone.exitCode, ownFiles()], gone.stderr).toEqual([0, []])
    const restored = await project.run((context) => restoreBackup(context, { file: copy, includesCerts: true }))
    expect([restored.exitCode, await shown(), ownFiles().length], restored.stderr).toEqual([0, serialOf(pair), 1])
    const kept = await project.run((context) => restoreBackup(context, { file: copy, includesCerts: false }))
    expect([kept.exitCode, await shown()], kept.stderr).toEqual([0, serialOf(pair)])
  })

  test('a broken store is replaced by that of the newest backup with a valid certificate', async () => {
    const certs = join(project.server.folder, 'certs')
    const store = join(certs, 'acme.json')
    const content = (days: number, key: string) => {
      const { cert } = project.certificate([DOMAIN], days)
      const entry = { domain: { main: DOMAIN }, certificate: Buffer.from(readFileSync(cert)).toString('base64'), key }
      return JSON.stringify({ letsencrypt: { Account: null, Certificates: [entry] } })
    }
    expect((await project.run(https, { cert: false })).exitCode).toBe(0)
    const stores = [content(30, 'OLDER'), content(20, 'GOOD'), content(-1, 'ENDED'), '{"letsencrypt": {"Cert']
    for (const text of stores) {
      writeFileSync(store, text, { mode: 0o600 })
      const { exitCode, stderr } = await project.run(createBackup)
      expect(exitCode, stderr).toBe(0)
    }
    const planned = await project.run(https, { dryRun: true })
    expect(planned.stdout).toMatch(
      /certs\/acme\.json is not valid JSON, .* the newest backup with a valid certificate replaces it; if/,
    )
    const { exitCode, stderr } = await project.run(https)
    expect(exitCode, stderr).toBe(0)
    expect(stderr).toMatch(/acme\.json\.broken-\d{8}-\d{6} now, and the one of \S+ has taken its place/)
    const [, taken = ''] = /and the one of (\S+) has taken/.exec(stderr) ?? []
    const archive = join(project.server.folder, 'backups', taken)
    expect(output('tar', '-xzOf', archive, 'certs/acme.json')).toContain('GOOD')
    expect(readdirSync(certs).filter((name) => name.includes('.broken-')).length).toBe(1)
    expect(stderr).not.toContain('GOOD')
  })

  test('a certificate is issued on port 80 while what has it is stopped, and then that is started again', async () => {
    const state = join(folder, 'bin/state')
    const web = join(state, 'containers/web')
    const isWebRunning = () => readFileSync(web, 'utf8').startsWith('running')
    writeFileSync(web, 'running\nweb\nno\n')
    const { cert } = project.certificate([DOMAIN], 60)
    const entry = { domain: { main: DOMAIN }, certificate: readFileSync(cert).toString('base64'), key: 'k' }
    const planned = await project.run(https, { freePorts: 'docker:web,docker:other', dryRun: true })
    expect(planned.stdout).toContain(
      `get a certificate for ${DOMAIN} on port 80: stop docker:web, docker:other, and start`,
    )
    expect(planned.stdout).toMatch(
      /the certificate cannot be renewed while HTTP_PORT is \d+: run this again before it ends/,
    )

    project.server.setAcmeLog('{"error":"acme: error: 403 :: urn:ietf:params:acme:error:connection :: refused"}\n')
    const failed = await project.run(https, { freePorts: 'docker:web' })
    expect([failed.exitCode, isWebRunning()], failed.stderr).toEqual([40, true])
    expect(failed.calls.filter((call) => /web|certificate/.test(call))).toEqual([
      ...['stop web', 'up ai-proxy-certificate', 'rm -f ai-proxy-certificate', 'start web'],
    ])
    expect(['freed-ports', 'edge/certificate'].filter(project.server.has)).toEqual([])
    rmSync(join(project.server.folder, 'acme-attempts.json'))

    project.server.setAcmeLog('')
    writeFileSync(join(state, 'issued'), JSON.stringify({ letsencrypt: { Certificates: [entry] } }), { mode: 0o600 })
    const { exitCode, stderr, calls } = await project.run(https, { freePorts: 'docker:web' })
    expect([exitCode, isWebRunning()], stderr).toEqual([0, true])
    expect(calls.filter((call) => /web|certificate|up ai-proxy-edge/.test(call))).toEqual([
      ...['stop web', 'up ai-proxy-certificate', 'rm -f ai-proxy-certificate', 'start web', 'up ai-proxy-edge'],
    ])
    expect(stderr).toContain(`The certificate for ${DOMAIN} is there; docker:web started again`)

    writeFileSync(web, 'exited\nweb\nno\n')
    writeFileSync(join(project.server.folder, 'freed-ports'), 'docker web\n')
    const next = await project.run(deploy)
    expect([next.exitCode, isWebRunning(), project.server.has('freed-ports')], next.stderr).toEqual([0, true, false])
    expect(next.stderr).toContain('start again what a run that was cut off has stopped: docker:web')
  })
})
