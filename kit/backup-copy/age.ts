import { Readable } from 'node:stream'
import { Decrypter, Encrypter } from 'age-encryption'

/** Encrypts a stream for several recipients, in constant memory. */
export async function encrypted(content: Readable, recipients: readonly string[]): Promise<Readable> {
  const encrypter = new Encrypter()
  for (const recipient of recipients) encrypter.addRecipient(recipient)
  return fromWeb(await encrypter.encrypt(toWeb(content)))
}

/**
 * The reverse.
 * @param identities text of a file of age-keygen
 * @throws Error if none of the identities fits, or the content was changed
 */
export async function decrypted(content: Readable, identities: string): Promise<Readable> {
  const decrypter = new Decrypter()
  const keys = identities.split(/\r?\n/).filter((line) => line.startsWith('AGE-'))
  if (keys.length === 0) throw new Error('the file of identities has no line that begins with AGE-SECRET-KEY-')
  for (const key of keys) decrypter.addIdentity(key)
  return fromWeb(await decrypter.decrypt(toWeb(content)))
}

// The types of Node's web streams and those that the library names are the same at run time.
function toWeb(content: Readable): ReadableStream<Uint8Array> {
  return Readable.toWeb(content) as unknown as ReadableStream<Uint8Array>
}

function fromWeb(stream: ReadableStream<Uint8Array>): Readable {
  return Readable.fromWeb(stream as Parameters<typeof Readable.fromWeb>[0])
}
