import { closeSync, createReadStream, openSync, readSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { AGE_HEADER } from '../../../kit/backup-copy/age-format.ts'
import { configInvalid, errorMessage } from '../../../kit/user-error.ts'
import { BadArchive } from '../format/bad-archive.ts'

/** Most bundles do not need it. */
const loadAge = () => import('../../../kit/backup-copy/age.ts')

/** True for a file that is encrypted with age. */
function isEncrypted(path: string): boolean {
  const file = openSync(path, 'r')
  try {
    const start = Buffer.alloc(AGE_HEADER.length)
    readSync(file, start, 0, start.length, 0)
    return start.toString('latin1') === AGE_HEADER
  } finally {
    closeSync(file)
  }
}

/**
 * Encrypts a stream.
 * @param recipients public keys of age
 * @throws UserError CONFIG_INVALID
 */
export async function encryptFor(content: Readable, recipients: readonly string[]): Promise<Readable> {
  const { encrypted } = await loadAge()
  try {
    return await encrypted(content, recipients)
  } catch (error) {
    const hint = 'give the line that age-keygen shows as "Public key"'
    throw configInvalid(`--encrypt-to: cannot encrypt for this key: ${errorMessage(error)}`, hint)
  }
}

/**
 * The content of a file, decrypted if it is encrypted.
 * @param identities text of a file of age-keygen, if there is one
 * @throws BadArchive
 */
export async function readDecrypted(
  path: string,
  identities: string | undefined,
  chunkBytes: number,
): Promise<AsyncIterable<Buffer>> {
  const hasKey = isEncrypted(path)
  const content = createReadStream(path, { highWaterMark: chunkBytes })
  if (!hasKey) return content
  if (identities === undefined)
    throw new BadArchive('encrypted', 'it is encrypted: name the file of the key with --identity')
  const { decrypted } = await loadAge()
  try {
    return explaining(await decrypted(content, identities))
  } catch (error) {
    throw new BadArchive('encrypted', `it cannot be decrypted: ${errorMessage(error)}`)
  }
}

async function* explaining(content: Readable): AsyncGenerator<Buffer> {
  try {
    yield* content
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) throw error
    throw new BadArchive('tampered', `what is encrypted was changed or cut: ${errorMessage(error)}`)
  }
}
