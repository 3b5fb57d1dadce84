import { readFileSync } from 'node:fs'

/** A private key file that exists and can be read. */
export interface PrivateKey {
  path: string
  content: Buffer
  /** True when it needs a passphrase. */
  isEncrypted: boolean
}

export function readPrivateKeys(paths: string[]): PrivateKey[] {
  return paths.flatMap((path) => {
    try {
      const content = readFileSync(path)
      return [{ path, content, isEncrypted: hasCipher(content.toString('latin1')) }]
    } catch {
      return [] // Most files of OpenSSH's defaults do not exist.
    }
  })
}

/** OpenSSH's own format (PROTOCOL.key) names its cipher after a fixed text; PEM has it in a header. */
function hasCipher(text: string): boolean {
  if (!text.includes('BEGIN OPENSSH PRIVATE KEY')) return /ENCRYPTED/.test(text)
  const blob = Buffer.from(text.replace(/-----[^-]+-----/g, ''), 'base64')
  const cipherAt = 'openssh-key-v1\0'.length
  const cipherLength = blob.readUInt32BE(cipherAt)
  return blob.toString('latin1', cipherAt + 4, cipherAt + 4 + cipherLength) !== 'none'
}
