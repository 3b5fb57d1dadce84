import { shownBytes } from '../shown.ts'

/** How the gateway writes down content that its log does not hold. */
const DIGEST = /data:([\w.+-]+)\/([\w.+-]+);sha256=[0-9a-f]+;bytes=(\d+)/
const REMOTE = /"(https?:\/\/[^"]+)"/
const MEDIA = /"(?:image_url|input_image|image|file_uri|fileUri|video|audio)"/
const MAX_URL_LENGTH = 200

/** Says in a sentence what an image, a sound or a document was that the log does not hold; undefined for other notes. */
export function missingMedia(note: string): string | undefined {
  const [, kind, format, bytes] = DIGEST.exec(note) ?? []
  if (kind !== undefined) {
    return `${nameOf(kind)} (${format}, ${shownBytes(Number(bytes))}) is not in the log, which has only its size and hash.`
  }
  const [, url] = MEDIA.test(note) ? (REMOTE.exec(note) ?? []) : []
  return url === undefined ? undefined : `An image or file at ${url.slice(0, MAX_URL_LENGTH)} is not fetched.`
}

function nameOf(kind: string): string {
  if (kind === 'image') return 'An image'
  return kind === 'audio' || kind === 'video' ? `A piece of ${kind}` : 'A document'
}
