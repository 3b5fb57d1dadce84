import type { Environment } from '../../../kit/settings/environment.ts'
import { serveUi } from '../../../logdb/ui/server/serve-ui.ts'
import { readUiSettings } from '../../../logdb/ui/server/ui-settings.ts'

/** A Logs UI that runs in this process. */
export interface UiServer {
  /** For example http://127.0.0.1:1234 */
  origin: string
  /** Path of the link that logs in once. */
  loginPath: string
  /** Errors that were our bugs. */
  errors: Error[]
  /** Answers a path; `key` goes into the header Authorization. */
  get(path: string, key?: string, headers?: Record<string, string>): Promise<Response>
  /** The cookie of a new session. */
  logIn(key: string): Promise<string>
  stop(): Promise<void>
}

export async function startUi(out: string, environment: Environment = {}): Promise<UiServer> {
  const stopping = new AbortController()
  const errors: Error[] = []
  const options = { out, port: 0, settings: readUiSettings(environment), isTextIndexEnabled: true }
  let ended: Promise<void> = Promise.resolve()
  const url = await new Promise<string>((resolve, reject) => {
    ended = serveUi({ ...options, onError: (error) => errors.push(error) }, stopping.signal, resolve)
    ended.catch(reject)
  })
  const { origin, pathname } = new URL(url)
  const get: UiServer['get'] = (path, key, headers = {}) => {
    const authorization = key === undefined ? {} : { authorization: `Bearer ${key}` }
    return fetch(`${origin}${path}`, { headers: { ...authorization, ...headers }, redirect: 'manual' })
  }
  const logIn = async (key: string) => {
    const answer = await fetch(`${origin}/ui/v1/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ key }),
    })
    return answer.headers.get('set-cookie')?.split(';')[0] ?? ''
  }
  const stop = async () => {
    stopping.abort()
    await ended
  }
  return { origin, loginPath: pathname, errors, get, logIn, stop }
}
