import { createHash, createHmac } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

/** AWS Signature Version 4 of a request, worked out again by its specification. */
export function hasRightSignature(request: IncomingMessage, secretKey: string): boolean {
  const { method = '', url = '', headers } = request
  const [, day = '', region = '', names = '', signature] =
    /Credential=[^/]+\/(\d+)\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=(\w+)/.exec(
      headers.authorization ?? '',
    ) ?? []
  const [path = '', query = ''] = url.split('?')
  const pairs = [...new URLSearchParams(query)].map((pair) => pair.map(encoded).join('='))
  const canonical = [
    method,
    path.split('/').map(decodeURIComponent).map(encoded).join('/'),
    pairs.sort().join('&'),
    ...names.split(';').map((name) => `${name}:${headers[name]}`),
    '',
    names,
    headers['x-amz-content-sha256'],
  ].join('\n')
  const scope = `${day}/${region}/s3/aws4_request`
  const digest = createHash('sha256').update(canonical).digest('hex')
  const text = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope, digest].join('\n')
  const key = [day, region, 's3', 'aws4_request'].reduce<string | Buffer>(hmac, `AWS4${secretKey}`)
  return signature === hmac(key, text).toString('hex')
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}

function encoded(text: string): string {
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
}
