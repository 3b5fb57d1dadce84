import { copyFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openKey, readKeyFiles } from '../../../../deploy/host/ssh/private-key.ts'
import { testWith } from '../../../helpers/needs.ts'
import { output } from '../../../helpers/process/programs.ts'
import { tempFolder } from '../../../helpers/temp-folder.ts'

const publicKey = (path: string) => readFileSync(`${path}.pub`, 'latin1').split(' ')[1] ?? ''

for (const format of ['RFC4716', 'PEM', 'PKCS8']) {
  for (const type of ['ecdsa', 'rsa', 'ed25519']) {
    testWith('ssh-keygen')(`an ${type} key in the format ${format} is read, with and without a passphrase`, () => {
      const folder = tempFolder()
      const [plain, locked] = [join(folder, 'plain'), join(folder, 'locked')]
      const bits = type === 'rsa' ? ['-b', '2048'] : []
      output('ssh-keygen', '-q', '-t', type, ...bits, '-m', format, '-N', '', '-f', plain)
      for (const end of ['', '.pub']) copyFileSync(plain + end, locked + end)
      output('ssh-keygen', '-q', '-p', '-m', format, '-a', '1', '-P', '', '-N', 'a passphrase', '-f', locked)
      const files = readKeyFiles([plain, locked])
      expect(files.map(({ path, isEncrypted, publicKey }) => [path, isEncrypted, publicKey])).toEqual([
        [plain, false, publicKey(plain)],
        [locked, true, publicKey(locked)],
      ])
      const opened = files.map((file, index) => openKey(file, index === 0 ? undefined : 'a passphrase'))
      expect(opened.map((key) => key?.getPublicSSH().toString('base64'))).toEqual([plain, locked].map(publicKey))
      expect(files[1] && openKey(files[1], 'another')).toBeNull()
    })
  }
}

testWith('openssl')('an Ed25519 key of OpenSSL is read, with and without a passphrase', () => {
  const folder = tempFolder()
  const [plain, locked] = [join(folder, 'plain'), join(folder, 'locked')]
  output('openssl', 'genpkey', '-algorithm', 'ed25519', '-out', plain)
  output('openssl', 'pkcs8', '-topk8', '-in', plain, '-out', locked, '-passout', 'pass:sesame')
  const [first, second] = readKeyFiles([plain, locked])
  const keys = [first && openKey(first), second && openKey(second, 'sesame')]
  const [data] = [Buffer.from('signed')]
  const [a, b] = keys
  expect(a?.type).toBe('ssh-ed25519')
  const signature = a?.sign(data)
  expect(signature && b?.verify(data, signature)).toBe(true)
})

test('files that do not exist, are folders or are cut off are left out', () => {
  const folder = tempFolder({ cut: '-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n' })
  expect(readKeyFiles([join(folder, 'missing'), folder, join(folder, 'cut')])).toEqual([])
})
