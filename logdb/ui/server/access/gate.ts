import type { FastifyReply, FastifyRequest } from 'fastify'
import { UiProblem } from '../ui-problem.ts'
import type { AccessLog } from './access-log.ts'
import { FixedWindow } from './fixed-window.ts'
import type { Access, UiKeys } from './ui-keys.ts'
import type { WebSessions } from './web-sessions.ts'

const LOGIN_WINDOW_MS = 60_000
/** Wrong keys from one address in a window. */
const MAX_FAILURES = 10
const SECOND_MS = 1000
const BEARER = /^Bearer +(.*)$/i
const UNSAFE = new Set(['POST', 'PUT', 'PATCH', 'DELETE'])

interface GateParts {
  keys: UiKeys
  sessions: WebSessions
  log: AccessLog
  requestsPerSecond: number
}

/** Decides who may come in. */
export class Gate {
  readonly #parts: GateParts
  readonly #failures = new FixedWindow(LOGIN_WINDOW_MS, MAX_FAILURES)
  readonly #rates: FixedWindow

  constructor(parts: GateParts) {
    this.#parts = parts
    this.#rates = new FixedWindow(SECOND_MS, parts.requestsPerSecond)
  }

  /** True if somebody can log in with a key. */
  get hasKeys(): boolean {
    return !this.#parts.keys.isEmpty
  }

  /** @throws UiProblem 401, 403 or 429 */
  accessOf(request: FastifyRequest): Access {
    const { authorization } = request.headers
    const access = authorization === undefined ? this.sessionOf(request) : this.#ofBearer(authorization, request)
    if (!access)
      throw new UiProblem(401, 'you are not logged in', { hint: 'log in, or send Authorization: Bearer KEY' })
    if (authorization === undefined) this.checkSite(request)
    this.#limit(`${access.name} ${request.routeOptions.url}`)
    return access
  }

  /** Who the session of a browser belongs to. */
  sessionOf(request: FastifyRequest): Access | undefined {
    const token = this.#tokenOf(request)
    return token === undefined ? undefined : this.#parts.sessions.accessOf(token)
  }

  /** @throws UiProblem 401, 403 or 429 */
  adminOf(request: FastifyRequest): Access {
    const access = this.accessOf(request)
    this.requireAdmin(access)
    return access
  }

  /** @throws UiProblem 403 */
  requireAdmin({ role }: Access): void {
    if (role !== 'admin')
      throw new UiProblem(403, 'this is for admins only', { hint: 'use a key of LOGUI_ADMIN_API_KEYS' })
  }

  /** False if the request came with a session that has ended. */
  isStillIn(request: FastifyRequest): boolean {
    return request.headers.authorization !== undefined || this.sessionOf(request) !== undefined
  }

  /** @throws UiProblem 403 for a change that a page of another site asks for */
  checkSite({ method, headers }: FastifyRequest): void {
    if (!UNSAFE.has(method)) return
    const { origin, host } = headers
    const isOurs = origin === undefined ? headers['sec-fetch-site'] === undefined : hostOf(origin) === host
    if (!isOurs) throw new UiProblem(403, 'a page of another site may not do this')
  }

  /** @throws UiProblem 401 or 429 */
  logIn(key: string, request: FastifyRequest): Access {
    const access = this.#tryKey(key, request)
    this.#parts.log.add('login', access, { address: request.ip })
    return access
  }

  /** @throws UiProblem 401 */
  useLink(token: string, request: FastifyRequest): Access {
    const access = this.#parts.sessions.useLink(token)
    this.#parts.log.add(access ? 'login' : 'login_refused', access, { address: request.ip })
    if (access) return access
    throw new UiProblem(401, 'this link was used, or is older than ten minutes', {
      hint: 'start `logdb ui` again for a new one',
    })
  }

  beginSession(access: Access, reply: FastifyReply): void {
    this.#setCookie(reply, this.#parts.sessions.begin(access))
  }

  endSession(request: FastifyRequest, reply: FastifyReply): void {
    const token = this.#tokenOf(request)
    if (token !== undefined) this.#parts.sessions.end(token)
    this.#setCookie(reply, '; Max-Age=0')
  }

  #setCookie(reply: FastifyReply, value: string): void {
    const secure = reply.request.protocol === 'https' ? '; Secure' : ''
    reply.header('set-cookie', `${cookieOf(reply.request)}=${value}; Path=/ui; HttpOnly; SameSite=Strict${secure}`)
  }

  #tokenOf(request: FastifyRequest): string | undefined {
    const prefix = `${cookieOf(request)}=`
    const cookies = (request.headers.cookie ?? '').split(';').map((cookie) => cookie.trim())
    return cookies.find((cookie) => cookie.startsWith(prefix))?.slice(prefix.length)
  }

  #ofBearer(authorization: string, request: FastifyRequest): Access {
    const [, key = ''] = BEARER.exec(authorization.trim()) ?? []
    if (key === '')
      throw new UiProblem(401, 'the header Authorization has no key', { hint: 'send Authorization: Bearer KEY' })
    // Node decodes the bytes of a header as Latin-1.
    return this.#tryKey(Buffer.from(key, 'latin1').toString('utf8'), request)
  }

  #tryKey(key: string, { ip }: FastifyRequest): Access {
    const retryAfterS = this.#failures.retryAfterS(ip)
    if (retryAfterS !== undefined) throw new UiProblem(429, 'too many wrong keys', { retryAfterS })
    const access = this.#parts.keys.accessOf(key)
    if (access) return access
    this.#failures.add(ip)
    this.#parts.log.add('login_refused', undefined, { address: ip })
    throw new UiProblem(401, 'this key may not read the logs', {
      hint: 'use a key of LOGUI_API_KEYS, LOGUI_ADMIN_API_KEYS or API_KEYS',
    })
  }

  #limit(name: string): void {
    const retryAfterS = this.#rates.retryAfterS(name)
    if (retryAfterS !== undefined) throw new UiProblem(429, 'too many requests with this key', { retryAfterS })
    this.#rates.add(name)
  }
}

/** Its name differs by port, because browsers send a cookie to all ports of a host. */
function cookieOf({ socket }: FastifyRequest): string {
  return `logdb_ui_${socket.localPort ?? 0}`
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined
}
