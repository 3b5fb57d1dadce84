import type { IncomingMessage } from 'node:http'

/** Azure has the other paths of OpenAI there; below a deployment, they name its model too. */
const AZURE = /^\/openai(?!\/deployments\/)(?=\/)/

/**
 * One form for each path, because base URLs and paths are joined in several ways: doubled slashes mean one, /v1 given
 * twice means once, and Azure's /openai means /v1.
 */
export function canonicalUrl(url: string): string {
  if (!url.includes('//') && !url.startsWith('/v1/v1/') && !url.startsWith('/openai/')) return url
  const end = url.indexOf('?')
  const path = end === -1 ? url : url.slice(0, end)
  const plain = path.replace(/\/{2,}/g, '/').replace(AZURE, '/v1')
  return plain.replace(/^(?:\/v1)+(?=\/)/, '/v1') + url.slice(path.length)
}

/** The path of a target, without its query. */
export function pathOf({ url }: { readonly url: string }): string {
  return url.split('?', 1)[0] ?? '/'
}

const ABSOLUTE = /^https?:\/\/(?:[^/?#]*@)?([^/?#@]+)/i

/**
 * The canonical target of a request. It ends at a fragment, which no target may have: a path is never longer for one reader
 * than for another. A target may be a whole URL, as clients send it to a proxy; its host is in force then,
 * instead of the header: https://www.rfc-editor.org/rfc/rfc9112#section-3.2.2
 */
export function canonicalTarget({ url: given = '/', headers }: Pick<IncomingMessage, 'url' | 'headers'>): string {
  const [url = '/'] = given.split('#', 1)
  if (url.startsWith('/')) return canonicalUrl(url)
  const [start, host] = ABSOLUTE.exec(url) ?? []
  if (start === undefined || host === undefined) return url
  headers.host = host
  const path = url.slice(start.length)
  return canonicalUrl(path.startsWith('/') ? path : `/${path}`)
}
