import type { IncomingMessage } from 'node:http'

/**
 * One form for each path, because base URLs and paths are joined in several ways: doubled slashes mean one, and /v1 given
 * twice means once.
 */
export function canonicalUrl(url: string): string {
  if (!url.includes('//') && !url.startsWith('/v1/v1/')) return url
  const end = url.indexOf('?')
  const path = end === -1 ? url : url.slice(0, end)
  return path.replace(/\/{2,}/g, '/').replace(/^(?:\/v1)+(?=\/)/, '/v1') + url.slice(path.length)
}

const ABSOLUTE = /^https?:\/\/(?:[^/?#]*@)?([^/?#@]+)/i

/**
 * The canonical target of a request. A target may be a whole URL, as clients send it to a proxy; its host is in force then,
 * instead of the header: https://www.rfc-editor.org/rfc/rfc9112#section-3.2.2
 */
export function canonicalTarget({ url = '/', headers }: Pick<IncomingMessage, 'url' | 'headers'>): string {
  if (url.startsWith('/')) return canonicalUrl(url)
  const [start, host] = ABSOLUTE.exec(url) ?? []
  if (start === undefined || host === undefined) return url
  headers.host = host
  const path = url.slice(start.length)
  return canonicalUrl(path.startsWith('/') ? path : `/${path}`)
}
