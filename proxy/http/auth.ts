import { hash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { ApiKey } from '../../kit/api-keys.ts'
import { type ApiProblem, problems } from '../problems.ts'

/** `key` is null if no key is needed. */
type Authentication = { ok: true; key: ApiKey | null } | { ok: false; problem: ApiProblem }

/** Checks the key in the headers of a request. */
export type Authenticate = (headers: IncomingHttpHeaders) => Authentication

/** Of values of Authorization that were accepted; a key can be written in few ways. */
const MAX_KNOWN = 1_000

/**
 * Checks the Bearer token and, for clients of Anthropic and Azure, `x-api-key` and `api-key`; one of them must be correct. The lookup uses the
 * SHA-256 of a token, so its duration reveals nothing, and characters beyond ASCII break nothing.
 */
export function createAuthenticator(keys: ApiKey[]): Authenticate {
  if (keys.length === 0) return () => ({ ok: true, key: null })
  const byDigest = new Map<string, Authentication>()
  for (const key of keys) {
    for (const accepted of key.accepted) {
      const digest = sha256(Buffer.from(accepted, 'utf8'))
      if (!byDigest.has(digest)) byDigest.set(digest, { ok: true, key })
    }
  }
  // Node decodes the bytes of a header as Latin-1.
  const find = (token: string | undefined) => (token ? byDigest.get(sha256(Buffer.from(token, 'latin1'))) : undefined)
  // A whole value that was accepted is found without its digest, which saves 1 us. Texts are compared only if their hashes
  // are equal, and the hashes depend on a number that is random in each process, so the duration reveals nothing here either.
  const known = new Map<string, Authentication>()
  return ({ authorization, 'x-api-key': anthropicKey, 'api-key': azureKey }) => {
    const before = authorization === undefined ? undefined : known.get(authorization)
    if (before) return before
    const bearer = /^Bearer +(.*)$/i.exec(authorization?.trim() ?? '')?.[1]
    const accepted = find(bearer)
    if (accepted && authorization !== undefined) {
      if (known.size >= MAX_KNOWN) known.clear()
      known.set(authorization, accepted)
    }
    const [anthropic, azure] = [trimmed(anthropicKey), trimmed(azureKey)]
    const given = bearer || anthropic || azure
    const refused = (): Authentication => ({ ok: false, problem: given ? problems.wrongKey(given) : problems.noKey() })
    return accepted ?? find(anthropic) ?? find(azure) ?? refused()
  }
}

function trimmed(value: string | string[] | undefined): string | undefined {
  return typeof value === 'string' ? value.trim() : undefined
}

function sha256(bytes: Buffer): string {
  return hash('sha256', bytes, 'base64')
}
