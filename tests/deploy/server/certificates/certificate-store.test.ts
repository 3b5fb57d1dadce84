import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runLocally } from '../../../../deploy/host/local-host.ts'
import {
  CERTIFICATE_STORES,
  mendStores,
  storeInBackup,
  takeStore,
} from '../../../../deploy/remote/certificates/acme-stores.ts'
import { sh } from '../../../../deploy/remote/sh.ts'
import { readCertificateStores } from '../../../../deploy/server/certificates/certificate-store.ts'
import { coversName, readOwnCertificates } from '../../../../deploy/server/certificates/own-certificates.ts'
import { readPairs } from '../../../../deploy/server/pairs.ts'
import { renderOwnCertificates } from '../../../../templates/own-certificate.ts'
import { testAsRoot } from '../../../helpers/needs.ts'
import { output } from '../../../helpers/process/programs.ts'
import { makeAuthority } from '../../../helpers/server/tls-server.ts'
import { tempFolder } from '../../../helpers/temp-folder.ts'

/** What the script finds in this folder. */
async function look(folder: string) {
  const { stdout } = await runLocally(sh(`P=$1\n${CERTIFICATE_STORES}`, folder))
  return { stdout, ...readCertificateStores(readPairs(stdout)) }
}

function pemOf(domain: string, days: number): string {
  const folder = tempFolder()
  const files = ['-keyout', join(folder, 'key'), '-out', join(folder, 'cert')]
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  output('openssl', 'req', '-x509', '-days', String(days), '-subj', `/CN=${domain}`, ...key, ...files)
  return readFileSync(join(folder, 'cert'), 'utf8')
}

test('certificates are found with their ends, and private keys stay on the server', async () => {
  const certificate = Buffer.from(pemOf('a.example.com', 10)).toString('base64')
  const entry = { domain: { main: 'a.example.com' }, certificate, key: 'SECRET-KEY', Store: 'default' }
  const account = { Email: '', PrivateKey: 'SECRET-ACCOUNT' }
  const content = { letsencrypt: { Account: account, Certificates: [entry] }, other: { Certificates: null } }
  for (const indent of [0, 2]) {
    const folder = tempFolder({ 'certs/acme.json': JSON.stringify(content, null, indent) })
    chmodSync(join(folder, 'certs/acme.json'), 0o600)
    const { certificates, storeFaults, stdout } = await look(folder)
    expect(storeFaults).toEqual([])
    expect(certificates).toEqual([{ file: 'acme.json', domain: 'a.example.com', validUntilS: expect.any(Number) }])
    expect((certificates[0]?.validUntilS ?? 0) - Date.now() / 1000).toBeCloseTo(10 * 86_400, -3)
    expect(Buffer.from(stdout.split('=').slice(2).join('='), 'base64').toString()).not.toContain('SECRET')
  }
})

testAsRoot('what Traefik refuses is found, and mended', async () => {
  const folder = tempFolder({
    'certs/acme.json': '{"letsencrypt": {"Account": {"PrivateKey": "SECR',
    'certs/acme-staging.json': '',
  })
  const certs = join(folder, 'certs')
  chmodSync(join(certs, 'acme-staging.json'), 0o644)
  chmodSync(join(certs, 'acme.json'), 0o600)
  output('chown', '1000', certs)
  const { storeFaults, stdout } = await look(folder)
  expect(storeFaults).toEqual([
    { file: '.', kind: 'owner' },
    { file: 'acme-staging.json', kind: 'mode' },
    { file: 'acme.json', kind: 'content' },
  ])
  expect(stdout).not.toContain(Buffer.from('SECR').toString('base64').slice(0, 5))
  expect(await runLocally(mendStores(certs, '1', ['acme.json']))).toMatchObject({ exitCode: 0, stderr: '' })
  expect((await look(folder)).storeFaults).toEqual([])
  expect(readdirSync(certs).sort()).toEqual(['acme-staging.json', 'acme.json.broken-1'])
  expect(statSync(join(certs, 'acme-staging.json')).mode & 0o777).toBe(0o600)
})

testAsRoot(
  'a certificate of the owner is found with its names, its key stays on the server, and its mode is mended',
  async () => {
    const { cert, key } = makeAuthority(tempFolder()).issue(['a.example.com', '*.b.example.com'], 10)
    const folder = tempFolder({ 'certs/own-a1.pem': cert + key, 'certs/own-b2.pem': 'cut off' })
    const names = Buffer.from(renderOwnCertificates(['own-b2.pem'])).toString('base64')
    const { stdout, storeFaults } = await look(folder)
    expect(readOwnCertificates(readPairs(stdout))).toEqual([
      { file: 'own-a1.pem', names: ['a.example.com', '*.b.example.com'], validUntilS: expect.any(Number) },
      { file: 'own-b2.pem', names: [] },
    ])
    expect(readOwnCertificates(readPairs(`${stdout}owncerts=${names}\n`))[0]?.file).toBe('own-b2.pem')
    const printed = Buffer.from(/^own_own-a1\.pem=(.*)$/m.exec(stdout)?.[1] ?? '', 'base64').toString()
    expect([printed.includes('BEGIN CERTIFICATE'), printed.includes('PRIVATE')]).toEqual([true, false])
    expect(storeFaults.filter(({ file }) => file === 'own-a1.pem')).toEqual([{ file: 'own-a1.pem', kind: 'mode' }])
    expect(await runLocally(mendStores(join(folder, 'certs'), '1', []))).toMatchObject({ exitCode: 0 })
    expect((await look(folder)).storeFaults).toEqual([])
  },
)

test('a wildcard stands for one part of a name', () => {
  const own = { file: 'own-a1.pem', names: ['a.example.com', '*.B.example.com', '203.0.113.7'] }
  const covered = ['a.example.com', 'x.b.example.com', '203.0.113.7']
  const others = ['b.example.com', 'x.y.b.example.com', 'example.com', '198.51.100.7']
  expect(covered.filter((name) => !coversName(own, name))).toEqual([])
  expect(others.filter((name) => coversName(own, name))).toEqual([])
})

test('a store is taken out of a backup whole, and seen there without its keys', async () => {
  const folder = tempFolder({
    'in/certs/acme.json': '{"a":{"Certificates":[{"domain":{"main":"a.example.com"},"key":"SECRET"}]}}',
  })
  const archive = join(folder, 'b.tar.gz')
  output('tar', '-czf', archive, '-C', join(folder, 'in'), 'certs')
  const { stdout } = await runLocally(storeInBackup(archive, 'acme.json'))
  expect(readCertificateStores(readPairs(stdout)).certificates).toEqual([
    { file: 'acme.json', domain: 'a.example.com' },
  ])
  expect(readPairs(stdout).text('store_acme.json')).not.toContain('SECRET')
  const absent = await runLocally(storeInBackup(archive, 'acme-staging.json'))
  expect(readCertificateStores(readPairs(absent.stdout))).toEqual({ certificates: [], storeFaults: [] })
  mkdirSync(join(folder, 'certs'))
  const taken = join(folder, 'certs/acme.json')
  expect(await runLocally(takeStore(archive, join(folder, 'certs'), 'acme.json'))).toMatchObject({ exitCode: 0 })
  expect([readFileSync(taken, 'utf8').includes('SECRET'), statSync(taken).mode & 0o777]).toEqual([true, 0o600])
  writeFileSync(taken, 'newer')
  await runLocally(takeStore(archive, join(folder, 'certs'), 'acme.json'))
  expect([readFileSync(taken, 'utf8'), readdirSync(join(folder, 'certs'))]).toEqual(['newer', ['acme.json']])
})
