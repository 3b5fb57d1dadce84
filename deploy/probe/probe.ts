import type { Dispatcher } from 'undici'

/** In answers of the gateway: the instance that answered. */
export const RELEASE_HEADER = 'x-ai-proxy-release'
/** In requests: the token that leads through the edge to an instance which is not live yet. */
export const CANARY_HEADER = 'x-ai-proxy-canary'

export interface ProbeAnswer {
  status: number
  /** Instance that answered, by its header; null when something else did. */
  release: string | null
  body: string
}

/** Asks one gateway through HTTPS. */
export interface Probe {
  get(path: string): Promise<ProbeAnswer>
  post(path: string, body: unknown): Promise<ProbeAnswer>
  close(): Promise<void>
}

export interface ProbeIdentity {
  /** Null when the gateway asks for no key. */
  apiKey: string | null
  /** Token for the canary header. */
  canary?: string | undefined
}

/**
 * @param open makes what sends the requests; called at the first one, because loading it takes a tenth of a second
 * @param origin https://name[:port]
 */
export function makeProbe(open: () => Promise<Dispatcher>, origin: string, { apiKey, canary }: ProbeIdentity): Probe {
  let opening: Promise<Dispatcher> | undefined
  const headers = {
    ...(apiKey !== null && { authorization: `Bearer ${apiKey}` }),
    ...(canary !== undefined && { [CANARY_HEADER]: canary }),
  }
  const request = async (method: 'GET' | 'POST', path: string, body?: unknown): Promise<ProbeAnswer> => {
    opening ??= open()
    const dispatcher = await opening
    const answer = await dispatcher.request({
      origin,
      path,
      method,
      headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const release = answer.headers[RELEASE_HEADER]
    return {
      status: answer.statusCode,
      release: typeof release === 'string' ? release : null,
      body: await answer.body.text(),
    }
  }
  return {
    get: (path) => request('GET', path),
    post: (path, body) => request('POST', path, body),
    close: async () => (await opening)?.destroy(),
  }
}
