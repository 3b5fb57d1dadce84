import { once } from 'node:events'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, createServer as createPlainServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { deploy } from '../../../deploy/commands/deploy.ts'
import { https } from '../../../deploy/commands/https.ts'
import { testHttps } from '../../../deploy/commands/test-https.ts'
import { checkRedirect } from '../../../deploy/probe/redirect.ts'
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
})
