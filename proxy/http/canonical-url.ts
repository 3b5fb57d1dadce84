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
