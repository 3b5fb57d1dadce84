import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readPrivateKeys } from '../../../../deploy/host/ssh/private-key.ts'
import { testWith } from '../../../helpers/needs.ts'
import { output } from '../../../helpers/process/programs.ts'
import { tempFolder } from '../../../helpers/temp-folder.ts'

for (const format of ['RFC4716', 'PEM', 'PKCS8']) {
  testWith('ssh-keygen')(`a ${format} key shows whether it needs a passphrase`, () => {
    const folder = tempFolder()
    const [plain, locked] = [join(folder, 'plain'), join(folder, 'locked')]
    output('ssh-keygen', '-q', '-t', 'ecdsa', '-m', format, '-N', '', '-f', plain)
    output('ssh-keygen', '-q', '-t', 'ecdsa', '-m', format, '-N', 'a passphrase', '-f', locked)
    expect(readPrivateKeys([plain, locked])).toEqual([
      { path: plain, content: readFileSync(plain), isEncrypted: false },
      { path: locked, content: readFileSync(locked), isEncrypted: true },
    ])
  })
}

test('files that do not exist, are folders or are cut off are left out', () => {
  const folder = tempFolder({ cut: '-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n' })
  expect(readPrivateKeys([join(folder, 'missing'), folder, join(folder, 'cut')])).toEqual([])
})
