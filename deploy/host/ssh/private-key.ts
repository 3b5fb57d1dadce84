import { createPrivateKey, type KeyObject } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import ssh2, { type ParsedKey } from 'ssh2'
import { readWords, writeWord } from './wire.ts'

/** A file of a key that exists and can be read. */
export interface KeyFile {
  path: string
  content: Buffer
  /** True when it needs a passphrase. */
  isEncrypted: boolean
  /** The public key, base64 as in known_hosts and agents; null if it is not known without the passphrase. */
  publicKey: string | null
  /** Only the public key is there: an agent must have the private one. */
  isPublicOnly: boolean
  /** Next to it there is a certificate, which ssh2 cannot show. */
  hasCertificate: boolean
}

export function readKeyFiles(paths: string[]): KeyFile[] {
  return paths.flatMap((path) => {
    const content = readIfThere(path)
    if (content === null) return [] // Most files of OpenSSH's defaults do not exist.
    const text = content.toString('latin1')
    const isPublicOnly = !text.includes('PRIVATE KEY')
    const isEncrypted = isPublicOnly ? false : hasCipher(text)
    if (isEncrypted === null) return [] // It is cut off.
    const publicKey = publicKeyOf(isPublicOnly ? text : (readIfThere(`${path}.pub`)?.toString('latin1') ?? ''))
    return [
      {
        path,
        content,
        isEncrypted,
        isPublicOnly,
        publicKey: publicKey ?? (isPublicOnly ? null : derivedPublicKey(content, isEncrypted)),
        hasCertificate: existsSync(`${path}-cert.pub`),
      },
    ]
  })
}

/** The key, for ssh2; null if the passphrase is not the right one. */
export function openKey({ content }: KeyFile, passphrase?: string): ParsedKey | null {
  const pem = content.toString('latin1')
  const isPkcs8 = /-----BEGIN (ENCRYPTED )?PRIVATE KEY-----/.test(pem)
  try {
    const parsed = isPkcs8 ? ssh2.utils.parseKey(fromPkcs8(pem, passphrase)) : ssh2.utils.parseKey(content, passphrase)
    return parsed instanceof Error ? null : parsed
  } catch {
    return null
  }
}

function readIfThere(path: string): Buffer | null {
  try {
    return readFileSync(path)
  } catch {
    return null
  }
}

/** From a line like `ssh-ed25519 AAAA... comment`. */
function publicKeyOf(line: string): string | null {
  const [type = '', base64 = ''] = line.trim().split(/\s+/)
  return /^(ssh|ecdsa|sk)-/.test(type) && base64 !== '' ? base64 : null
}

function derivedPublicKey(content: Buffer, isEncrypted: boolean): string | null {
  if (isEncrypted) return null
  const parsed = ssh2.utils.parseKey(content)
  return parsed instanceof Error ? null : parsed.getPublicSSH().toString('base64')
}

const OPENSSH_MAGIC = 'openssh-key-v1\0'

/** OpenSSH's own format (PROTOCOL.key) names its cipher after a fixed text; PEM has it in a header. Null if that is cut off. */
function hasCipher(text: string): boolean | null {
  if (!text.includes('BEGIN OPENSSH PRIVATE KEY')) return /ENCRYPTED/.test(text)
  const blob = Buffer.from(text.replace(/-----[^-]+-----/g, ''), 'base64')
  const [cipher] = readWords(blob.subarray(OPENSSH_MAGIC.length), 1)
  return cipher === undefined || cipher.length === 0 ? null : cipher.toString('latin1') !== 'none'
}

/** ssh2 reads no PKCS#8 (RFC 5958), so the key is written again in a form that it does. */
function fromPkcs8(pem: string, passphrase?: string): string | Buffer {
  const key = createPrivateKey({ key: pem, passphrase })
  if (key.asymmetricKeyType === 'rsa') return key.export({ type: 'pkcs1', format: 'pem' })
  if (key.asymmetricKeyType === 'ec') return key.export({ type: 'sec1', format: 'pem' })
  return openSshKey(key)
}

const BLOCK_BYTES = 8

/** An Ed25519 key in OpenSSH's own format (PROTOCOL.key), without a passphrase. */
function openSshKey(key: KeyObject): Buffer {
  const { x = '', d = '' } = key.export({ format: 'jwk' })
  const [publicPart, seed] = [Buffer.from(x, 'base64url'), Buffer.from(d, 'base64url')]
  const blob = Buffer.concat([writeWord('ssh-ed25519'), writeWord(publicPart)])
  const check = Buffer.alloc(8) // Two equal numbers, which show that a passphrase was right.
  const body = [check, blob, writeWord(Buffer.concat([seed, publicPart])), writeWord('')]
  const length = Buffer.concat(body).length
  const padding = Buffer.from(
    Array.from({ length: (BLOCK_BYTES - (length % BLOCK_BYTES)) % BLOCK_BYTES }, (_, i) => i + 1),
  )
  const one = Buffer.from([0, 0, 0, 1])
  const parts = [Buffer.from(OPENSSH_MAGIC, 'latin1'), writeWord('none'), writeWord('none'), writeWord(''), one]
  const all = Buffer.concat([...parts, writeWord(blob), writeWord(Buffer.concat([...body, padding]))])
  const base64 = all.toString('base64').replace(/(.{70})/g, '$1\n')
  return Buffer.from(`-----BEGIN OPENSSH PRIVATE KEY-----\n${base64}\n-----END OPENSSH PRIVATE KEY-----\n`)
}
