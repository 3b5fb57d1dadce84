import { createHmac } from 'node:crypto'

/** The digest of a body in a log with this secret, from the body's SHA-256 in hex. */
export function keyedDigest(secret: string, sha256: string): string {
  return createHmac('sha256', secret).update(`ai-proxy/body/v1:${sha256}`).digest('hex')
}
