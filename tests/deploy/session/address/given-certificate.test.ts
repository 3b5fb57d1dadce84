import { generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { givenCertificate } from '../../../../deploy/session/address/given-certificate.ts'
import { makeAuthority } from '../../../helpers/server/tls-server.ts'
import { sharedTempFolder, tempFolder } from '../../../helpers/temp-folder.ts'

const DOMAIN = 'llm.example.com'
const folder = sharedTempFolder()
const authority = makeAuthority(folder)
const pair = authority.issue([DOMAIN, '*.other.example.com'], 30)

/** As the options name files with this content. */
function given(cert: string, key: string, { domain = DOMAIN, extraCa = authority.ca as string | null } = {}) {
  const files = { cert: join(folder, 'given.crt'), key: join(folder, 'given.key') }
  writeFileSync(files.cert, cert)
  writeFileSync(files.key, key)
  return givenCertificate({ certificate: files }, domain, extraCa)
}

test('a pair that clients trust becomes one file, named after its content', async () => {
  const first = await given(pair.cert, pair.key)
  expect(first).toMatchObject({
    names: [DOMAIN, '*.other.example.com'],
    file: expect.stringMatching(/^own-\w{16}\.pem$/),
  })
  expect(first?.pem).toBe(`${pair.cert.trim()}\n${pair.key.trim()}\n`)
  expect((first?.validUntilS ?? 0) - Date.now() / 1000).toBeCloseTo(30 * 86_400, -3)
  expect(await given(pair.cert.replaceAll('\n', '\r\n'), pair.key)).toEqual(first)
  expect((await given(pair.cert, pair.key, { domain: 'a.other.example.com' }))?.file).toBe(first?.file)
})

test('a certificate may be for an address', async () => {
  const address = authority.issue(['203.0.113.7'])
  expect(await given(address.cert, address.key, { domain: '203.0.113.7' })).toMatchObject({ names: ['203.0.113.7'] })
  await expect(given(address.cert, address.key, { domain: '203.0.113.8' })).rejects.toThrow(/not for 203\.0\.113\.8$/)
})

test('without the options nothing changes, and --no-cert goes back to the CA', async () => {
  expect(await givenCertificate({ certificate: undefined }, DOMAIN, null)).toBeUndefined()
  expect(await givenCertificate({ certificate: null }, DOMAIN, null)).toBeNull()
})

test('a pair that would not work is refused with its reason, and without its key', async () => {
  const locked = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' },
  }).privateKey
  const foreign = authority.issue([DOMAIN])
  const ended = authority.issue([DOMAIN], -1)
  const self = makeAuthority(tempFolder()).issue([DOMAIN])
  const cases: [() => Promise<unknown>, RegExp][] = [
    [
      () => given(pair.cert, foreign.key),
      /^the key in \S+given\.key does not belong to the certificate in \S+given\.crt$/,
    ],
    [() => given(pair.cert, locked), /has a passphrase/],
    [() => given(pair.cert, 'nonsense'), /given\.key is not a private key in PEM$/],
    [() => given('nonsense', pair.key), /given\.crt is not a certificate in PEM$/],
    [
      () => given(pair.cert, pair.key, { domain: 'example.com' }),
      /is for llm\.example\.com, \*\.other\.example\.com, not for example\.com$/,
    ],
    [() => given(pair.cert, pair.key, { domain: 'a.b.other.example.com' }), /not for a\.b\.other/],
    [() => given(pair.cert, pair.key, { extraCa: null }), /would not trust .*UNABLE_TO_(GET_ISSUER_CERT|VERIFY)/],
    [() => given(self.cert, self.key), /would not trust .*UNABLE_TO_(GET_ISSUER_CERT|VERIFY)/],
  ]
  for (const [attempt, message] of cases) {
    const error = await attempt().catch((caught) => caught)
    expect(error).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringMatching(message) })
    expect(JSON.stringify(error)).not.toContain(pair.key.split('\n')[1])
  }
  await expect(given(ended.cert, ended.key)).rejects.toThrow(/given\.crt ended on \d{4}-\d\d-\d\d$/)
})
