import { hash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { ApiKey } from '../../kit/api-keys.ts'
import { type ApiProblem, problems } from '../problems.ts'

/** `key` is null if no key is needed. */
type Authentication = { ok: true; key: ApiKey | null } | { ok: false; problem: ApiProblem }

/** Checks the key in the headers of a request. */
export type Authenticate = (headers: IncomingHttpHeaders) => Authentication

/**
 * Checks the Bearer token and, for clients of Anthropic, `x-api-key`; one of them must be correct. The lookup uses the
 * SHA-256 of a token, so its duration reveals nothing, and characters beyond ASCII break nothing.
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
  // Node decodes the bytes of a header as Latin-1.
  const find = (token: string | undefined) => token && byDigest.get(sha256(Buffer.from(token, 'latin1')))
  return ({ authorization, 'x-api-key': apiKey }) => {
    const bearer = /^Bearer +(.*)$/i.exec(authorization?.trim() ?? '')?.[1]
    const xApiKey = typeof apiKey === 'string' ? apiKey.trim() : undefined
    const key = find(bearer) || find(xApiKey)
    if (key) return { ok: true, key }
    const given = bearer || xApiKey
    return { ok: false, problem: given ? problems.wrongKey(given) : problems.noKey() }
  }
}

function sha256(bytes: Buffer): string {
  return hash('sha256', bytes, 'base64')
}
