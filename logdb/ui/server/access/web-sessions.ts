import { randomBytes } from 'node:crypto'
import { sha256 } from '../../../../kit/sha256.ts'
import type { Access } from './ui-keys.ts'

const SESSION_MS = 12 * 3_600_000
const LINK_MS = 10 * 60_000
const MAX_SESSIONS = 1000
const TOKEN_BYTES = 32

interface Granted {
  access: Access
  endMs: number
}

/** Who is logged in, in memory only: a restart logs everybody out. Tokens are kept as digests. */
export class WebSessions {
  readonly #sessions = new Map<string, Granted>()
  readonly #links = new Map<string, Granted>()

  /** @returns the token of a new session */
  begin(access: Access): string {
    const [oldest] = this.#sessions.keys()
    if (oldest !== undefined && this.#sessions.size >= MAX_SESSIONS) this.#sessions.delete(oldest)
    return grant(this.#sessions, access, SESSION_MS)
  }

  accessOf(token: string): Access | undefined {
    const granted = this.#sessions.get(sha256(token))
    return granted && granted.endMs > Date.now() ? granted.access : undefined
  }

  end(token: string): void {
    this.#sessions.delete(sha256(token))
  }

  /** @returns the token of a login link, which works once and for ten minutes */
  makeLink(access: Access): string {
    return grant(this.#links, access, LINK_MS)
  }

  /** @returns the access that the link gives; undefined if it was used or is too old */
  useLink(token: string): Access | undefined {
    const digest = sha256(token)
    const granted = this.#links.get(digest)
    this.#links.delete(digest)
    return granted && granted.endMs > Date.now() ? granted.access : undefined
  }
}

function grant(table: Map<string, Granted>, access: Access, lifeMs: number): string {
  const token = randomBytes(TOKEN_BYTES).toString('base64url')
  table.set(sha256(token), { access, endMs: Date.now() + lifeMs })
  return token
}
