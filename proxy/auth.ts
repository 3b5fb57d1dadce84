import { createHash } from 'node:crypto'
import type { ApiKey } from '../kit/api-keys.ts'
import { type ApiProblem, problems } from './errors.ts'

/** `key` is null where no key is needed. */
type Authentication = { ok: true; key: ApiKey | null } | { ok: false; problem: ApiProblem }

export type Authenticate = (authorization: string | undefined) => Authentication

/**
 * Checks Bearer tokens. What is looked up is a token's SHA-256, so neither the time it takes nor characters beyond ASCII
 * tell or break anything.
 */
export function createAuthenticator(keys: ApiKey[]): Authenticate {
  if (keys.length === 0) return () => ({ ok: true, key: null })
  const byDigest = new Map<string, ApiKey>()
  for (const key of keys) {
    for (const accepted of key.accepted) {
      const digest = sha256(Buffer.from(accepted, 'utf8'))
      if (!byDigest.has(digest)) byDigest.set(digest, key)
    }
  }
  return (authorization) => {
    const token = /^Bearer +(.*)$/i.exec(authorization?.trim() ?? '')?.[1]
    if (!token) return { ok: false, problem: problems.noKey() }
    // Node gives a header's bytes as Latin-1.
    const key = byDigest.get(sha256(Buffer.from(token, 'latin1')))
    return key ? { ok: true, key } : { ok: false, problem: problems.wrongKey(token) }
  }
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('base64')
}
