import { chmodSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runLocally } from '../../../../deploy/host/local-host.ts'
import { CERTIFICATE_STORES, mendStores } from '../../../../deploy/remote/acme-stores.ts'
import { sh } from '../../../../deploy/remote/sh.ts'
import { readCertificateStores } from '../../../../deploy/server/certificates/certificate-store.ts'
import { readPairs } from '../../../../deploy/server/pairs.ts'
import { testAsRoot } from '../../../helpers/needs.ts'
import { output } from '../../../helpers/process/programs.ts'
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
