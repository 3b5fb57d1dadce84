import { createHash, createHmac } from 'node:crypto'

export interface HostKey {
  /** For example `ssh-ed25519`. */
  type: string
  base64: string
}

/** `changed` also covers a revoked key. `known` are the recorded types, so that the handshake can prefer them. */
export type HostKeyVerdict = 'known' | 'unknown' | 'changed'

interface KnownHost extends HostKey {
  isRevoked: boolean
}

interface KnownHostLine extends HostKey {
  names: string
  /** For example `@revoked`. */
  marker: string | undefined
}

const AUTHORITY = '@cert-authority'

/**
 * Lines of known_hosts files (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT) that name this host; names may be plain, with
 * wildcards, negated or hashed. @cert-authority lines are left out: keys are compared, certificates are not read.
 */
export function findKnownHosts(text: string, name: string): KnownHost[] {
  return readLines(text)
    .filter(({ marker, names }) => marker !== AUTHORITY && matchesNames(names, name))
    .map(({ type, base64, marker }) => ({ type, base64, isRevoked: marker === '@revoked' }))
}

/** True if a certificate of the host would be accepted, which is not read here. */
export function hasAuthority(text: string, name: string): boolean {
  return readLines(text).some(({ marker, names }) => marker === AUTHORITY && matchesNames(names, name))
}

function readLines(text: string): KnownHostLine[] {
  return text.split('\n').flatMap((line) => {
    const words = line.trim().split(/\s+/)
    const marker = words[0]?.startsWith('@') ? words.shift() : undefined
    const [names, type, base64] = words
    return names && type && base64 && !names.startsWith('#') ? [{ names, type, base64, marker }] : []
  })
}

/** As known_hosts files write it: the port is part of the name unless it is 22. */
export function knownHostName(host: string, port: number): string {
  return port === 22 ? host : `[${host}]:${port}`
}

export function judgeHostKey(known: KnownHost[], offered: HostKey): HostKeyVerdict {
  const same = known.filter(({ base64 }) => base64 === offered.base64)
  if (same.some(({ isRevoked }) => isRevoked)) return 'changed'
  if (same.length > 0) return 'known'
  return known.some(({ isRevoked }) => !isRevoked) ? 'changed' : 'unknown'
}

/** The key as the server sends it: its type is the first length-prefixed text in it (RFC 4253, 6.6). */
export function readHostKey(blob: Buffer): HostKey {
  const typeLength = blob.readUInt32BE(0)
  return { type: blob.toString('latin1', 4, 4 + typeLength), base64: blob.toString('base64') }
}

/** As OpenSSH prints it: `SHA256:` and base64 without padding. */
export function fingerprint({ base64 }: HostKey): string {
  const digest = createHash('sha256').update(Buffer.from(base64, 'base64')).digest('base64')
  return `SHA256:${digest.replace(/=+$/, '')}`
}

function matchesNames(patterns: string, name: string): boolean {
  if (patterns.startsWith('|1|')) return matchesHash(patterns, name)
  let matched = false
  for (const pattern of patterns.split(',')) {
    const negated = pattern.startsWith('!')
    if (!matchesWildcards(negated ? pattern.slice(1) : pattern, name)) continue
    if (negated) return false
    matched = true
  }
  return matched
}

function matchesHash(hashed: string, name: string): boolean {
  const [salt, hash] = hashed.slice(3).split('|')
  if (!salt || !hash) return false
  return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash
}

function matchesWildcards(pattern: string, name: string): boolean {
  const literal = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&')
  return new RegExp(`^${literal.replaceAll('*', '.*').replaceAll('?', '.')}$`, 'i').test(name)
}
