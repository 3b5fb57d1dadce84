import { createReadStream, createWriteStream, mkdtempSync, rmSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { AGE_HEADER } from '../../kit/backup-copy/age-format.ts'
import { readText } from '../../kit/files.ts'
import { errorMessage } from '../../kit/user-error.ts'
import { deployError } from '../errors.ts'

/** True for a file of this machine that is encrypted with age. */
export async function isAgeFile(path: string): Promise<boolean> {
  const file = await open(path, 'r')
  try {
    const { buffer } = await file.read(Buffer.alloc(AGE_HEADER.length), 0, AGE_HEADER.length, 0)
    return buffer.toString() === AGE_HEADER
  } finally {
    await file.close()
  }
}

/**
 * Decrypts a file of this machine into another one, readable by its owner only.
 * @param identity path of a file of age-keygen; null if none was given
 * @throws UserError RESTORE_FAILED
 */
export async function decryptFile(path: string, target: string, identity: string | null): Promise<void> {
  if (identity === null) {
    throw deployError('RESTORE_FAILED', `${path} is encrypted`, 'name the file with your key: --age-identity FILE')
  }
  const identities = readText(identity)
  const { decrypted } = await import('../../kit/backup-copy/age.ts')
  try {
    await pipeline(await decrypted(createReadStream(path), identities), createWriteStream(target, { mode: 0o600 }))
  } catch (error) {
    rmSync(target, { force: true })
    const message = `${path} cannot be decrypted with ${identity}: ${errorMessage(error)}`
    throw deployError('RESTORE_FAILED', message, 'give the identity whose public key is BACKUP_AGE_RECIPIENT', error)
  }
}

/** Lets `action` work on a file of this machine; an encrypted one is decrypted for as long as it runs. */
export async function withPlainFile<T>(
  path: string,
  identity: string | null,
  action: (path: string) => Promise<T>,
): Promise<T> {
  if (!(await isAgeFile(path))) return action(path)
  const folder = mkdtempSync(join(tmpdir(), 'ai-deploy-'))
  try {
    const plain = join(folder, basename(path).replace(/\.age$/, ''))
    await decryptFile(path, plain, identity)
    return await action(plain)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
