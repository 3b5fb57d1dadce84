import { expect, test } from 'vitest'
import { acmeProblem } from '../../../../deploy/server/certificates/acme-problem.ts'

const DOMAIN = 'ai-proxy.203.0.113.7.nip.io'

/** A line of Traefik's log, as it was recorded or as lego builds it. */
const lineOf = (error: string) =>
  JSON.stringify({ level: 'error', error, message: 'Unable to obtain ACME certificate' })
const urn = (type: string, detail: string, status = 400) =>
  lineOf(
    `one or more domains had a problem:\n[${DOMAIN}] acme: error: ${status} :: urn:ietf:params:acme:error:${type} :: ${detail}`,
  )

test('a limit that is used up is named, with its end and the other service', () => {
  const detail =
    'too many certificates (250000) already issued for "nip.io" in the last 168h0m0s, retry after 2026-11-28 22:10:30 UTC: see https://letsencrypt.org/docs/rate-limits/'
  const problem = acmeProblem(urn('rateLimited', detail, 429), DOMAIN)
  expect(problem).toMatchObject({ kind: 'rate-limited', retryAtS: Date.UTC(2026, 10, 28, 22, 10, 30) / 1000 })
  expect(problem.says).toContain('too many certificates (250000)')
  expect(problem.remedy).toMatch(/limit of the CA is used up.*: --service sslip\.io$/)
  expect(acmeProblem(urn('rateLimited', ''), 'x.sslip.io').remedy).toMatch(/--service nip\.io$/)
  expect(acmeProblem(urn('rateLimited', ''), 'llm.example.com').remedy).toMatch(/take another name$/)
})

test('each cause has its own remedy, and none is guessed', () => {
  const found = [
    urn('dns', 'DNS problem: NXDOMAIN looking up A for llm.example.com'),
    urn('caa', 'CAA record for llm.example.com prevents issuance', 403),
    urn('connection', '203.0.113.7: Fetching http://llm.example.com/.well-known/acme-challenge/x: Connection refused'),
    urn('unauthorized', 'Invalid response from http://llm.example.com/.well-known/acme-challenge/x: 404', 403),
    urn('rejectedIdentifier', 'The server will not issue certificates for the identifier'),
    lineOf(
      'cannot get ACME client get directory at "https://ca/dir": tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time 2020-01-01T00:00:00Z is before 2026-01-01T00:00:00Z',
    ),
    lineOf('unable to get ACME account: open /certs/acme.json: permission denied'),
    lineOf(
      'cannot get ACME client get directory at "https://ca/dir": Get "https://ca/dir": dial tcp 203.0.113.9:443: connect: connection refused',
    ),
    'something new about acme',
    '',
  ].map((log) => acmeProblem(log, 'llm.example.com'))
  expect(found.map(({ kind }) => kind)).toEqual([
    ...['dns', 'caa', 'unreachable', 'another-server', 'refused-name', 'clock', 'store', 'ca-unreachable'],
    ...['other', 'other'],
  ])
  expect(new Set(found.map(({ remedy }) => remedy)).size).toBe(9)
  expect(found.at(-2)).toEqual({
    kind: 'other',
    says: 'something new about acme',
    remedy: 'look at what the edge says: docker logs ai-proxy-edge',
  })
})
