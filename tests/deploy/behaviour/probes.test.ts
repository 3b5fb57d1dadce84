import { once } from 'node:events'
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, createServer } from 'node:net'
import { Duplex } from 'node:stream'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { checkCertificate } from '../../../deploy/probe/certificate.ts'
import { insideProbe } from '../../../deploy/probe/inside-probe.ts'
import { loopbackProbe } from '../../../deploy/probe/loopback-probe.ts'
import { outsideProbe } from '../../../deploy/probe/outside-probe.ts'
import { describeNeeding } from '../../helpers/needs.ts'
import { findProgram } from '../../helpers/process/programs.ts'
import { type Authority, makeAuthority, startTlsServer, type TlsServer } from '../../helpers/server/tls-server.ts'
import { sharedTempFolder } from '../../helpers/temp-folder.ts'

const DOMAIN = 'llm.test.invalid'
describeNeeding('openssl', findProgram('openssl') !== null)('probes, against a real TLS server', () => {
  const folder = sharedTempFolder()
  let authority: Authority
  let server: TlsServer

  beforeAll(async () => {
    authority = makeAuthority(folder)
    server = await startTlsServer(authority.issue([DOMAIN]), answer)
  })
  afterAll(() => server?.close())

  /** Sends back what arrived. */
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { host, authorization, 'content-type': type, 'x-ai-proxy-canary': canary } = request.headers
    const body = await text(request)
    response.writeHead(request.url === '/teapot' ? 418 : 200, { 'x-ai-proxy-release': '20261123-101112-2' })
    response.end(JSON.stringify({ method: request.method, url: request.url, host, authorization, canary, type, body }))
  }

  const outside = (more: Partial<Parameters<typeof outsideProbe>[0]> = {}) => {
    const probe = outsideProbe({
      url: `https://${DOMAIN}:${server.port}`,
      apiKey: 'a-key',
      resolve: { [DOMAIN]: '127.0.0.1' },
      extraCa: authority.ca,
      ...more,
    })
    onTestFinished(() => probe.close())
    return probe
  }

  const inside = (more: Partial<Parameters<typeof insideProbe>[0]> = {}) => {
    const probe = insideProbe({ domain: DOMAIN, connect: server.connect, apiKey: null, ...more })
    onTestFinished(() => probe.close())
    return probe
  }

  test('a gateway without an edge is asked through any kind of connection', async () => {
    const plain = createHttpServer(answer).listen(0, '127.0.0.1')
    onTestFinished(() => void plain.close())
    await once(plain, 'listening')
    const { port } = plain.address() as AddressInfo
    const open = async () => {
      const socket = connect(port, '127.0.0.1')
      return Duplex.from({ readable: socket, writable: socket })
    }
    const probe = loopbackProbe(open, { apiKey: 'a-key' })
    const { status, release, body } = await probe.post('/v1/chat/completions', { model: 'echo' })
    expect([status, release]).toEqual([200, '20261123-101112-2'])
    expect(JSON.parse(body)).toMatchObject({ method: 'POST', authorization: 'Bearer a-key', body: '{"model":"echo"}' })
    expect((await probe.get('/teapot')).status).toBe(418)
    plain.close()
    await expect(probe.get('/health')).rejects.toThrow('ECONNREFUSED')
  })

  describe('from outside', () => {
    test('a name is looked for at the address of --resolve, with the key', async () => {
      const { status, release, body } = await outside().get('/v1/models')
      expect({ status, release, ...JSON.parse(body) }).toEqual({
        status: 200,
        release: '20261123-101112-2',
        method: 'GET',
        url: '/v1/models',
        host: `${DOMAIN}:${server.port}`,
        authorization: 'Bearer a-key',
        body: '',
      })
    })

    test('a body is sent as JSON, and any status is an answer', async () => {
      const { status, body } = await outside({ apiKey: null }).post('/teapot', { a: 'é' })
      expect([status, JSON.parse(body)]).toEqual([
        418,
        {
          method: 'POST',
          url: '/teapot',
          host: `${DOMAIN}:${server.port}`,
          type: 'application/json',
          body: '{"a":"é"}',
        },
      ])
    })

    test('a chain that no trusted authority signed is an error', async () => {
      await expect(outside({ extraCa: null }).get('/')).rejects.toThrow(/unable to verify|self-signed/)
    })

    test('a certificate of another name is an error', async () => {
      const other = outside({
        url: `https://other.invalid:${server.port}`,
        resolve: { 'other.invalid': '127.0.0.1' },
      })
      await expect(other.get('/')).rejects.toThrow('does not match certificate')
    })
  })

  describe('from inside', () => {
    test('the request goes through the given connection, with name, key and canary header', async () => {
      const { status, release, body } = await inside({ canary: 'token', apiKey: 'a-key' }).get('/health')
      expect({ status, release, ...JSON.parse(body) }).toEqual({
        status: 200,
        release: '20261123-101112-2',
        method: 'GET',
        url: '/health',
        host: DOMAIN,
        authorization: 'Bearer a-key',
        canary: 'token',
        body: '',
      })
    })

    test('requests share a connection, and it does not matter who signed the certificate', async () => {
      const before = server.connections()
      const probe = inside()
      for (const _ of [1, 2, 3]) expect((await probe.get('/')).status).toBe(200)
      expect(server.connections() - before).toBe(1)
    })

    test('a connection that cannot be opened is an error', async () => {
      const refused = inside({ connect: () => Promise.reject(new Error('no tunnel')) })
      await expect(refused.get('/')).rejects.toThrow('no tunnel')
    })

    test('a connection that ends before TLS begins is an error', async () => {
      for (const open of await closedAtOnce()) {
        await expect(inside({ connect: open }).get('/')).rejects.toThrow('disconnected before secure TLS connection')
      }
    })
  })

  /** Connections that the other side closes, plain and through something else, as a tunnel is. */
  async function closedAtOnce(): Promise<(() => Promise<Duplex>)[]> {
    const closing = createServer((socket) => socket.end())
    await once(closing.listen(0, '127.0.0.1'), 'listening')
    onTestFinished(() => void closing.close())
    const { port } = closing.address() as AddressInfo
    const plain = async () => connect(port, '127.0.0.1')
    const tunnel = async () => {
      const socket = await plain()
      return Duplex.from({ readable: socket, writable: socket })
    }
    return [plain, tunnel]
  }

  describe('the certificate', () => {
    test('is valid when a trusted authority signed it for the name', async () => {
      const state = await checkCertificate(server.connect, DOMAIN, authority.ca)
      expect(state).toEqual({
        isValid: true,
        reason: '',
        issuer: 'Test CA',
        isIssued: true,
        isPlaceholder: false,
        validUntil: expect.stringMatching(/ 20\d\d GMT$/),
      })
    })

    test('is not valid without trust, or for another name', async () => {
      expect(await checkCertificate(server.connect, DOMAIN, null)).toEqual({
        isValid: false,
        reason: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
        issuer: 'Test CA',
        isIssued: true,
        isPlaceholder: false,
        validUntil: expect.stringMatching(/ 20\d\d GMT$/),
      })
      expect(await checkCertificate(server.connect, '203.0.113.9', authority.ca)).toMatchObject({ isValid: false })
      expect(await checkCertificate(server.connect, 'other.invalid', authority.ca)).toMatchObject({
        isValid: false,
        reason: 'ERR_TLS_CERT_ALTNAME_INVALID',
        isIssued: false,
      })
    })

    test('is missing where the other side does not speak TLS', async () => {
      for (const open of await closedAtOnce()) {
        expect(await checkCertificate(open, DOMAIN, authority.ca)).toEqual({
          isValid: false,
          reason: 'Client network socket disconnected before secure TLS connection was established',
          validUntil: null,
          issuer: null,
          isIssued: false,
          isPlaceholder: false,
        })
      }
    })
  })
})
