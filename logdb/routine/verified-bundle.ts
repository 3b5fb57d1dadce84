import { existsSync, rmSync } from 'node:fs'
import { type CreateBundleOptions, type CreatedBundle, createBundle } from '../bundle/create/create-bundle.ts'
import { MANIFEST } from '../bundle/format/manifest.ts'
import { verifyBundle } from '../bundle/verify/verify-bundle.ts'
import { logdbError } from '../error-table.ts'
import { moveDurably } from '../store/folder/durable.ts'
import { chunksOf } from '../transfer/chunks.ts'

/** Of the bundle and of what belongs next to it, in this order. */
const SUFFIXES = [`.${MANIFEST}`, '']

/**
 * Makes a bundle that gets its name only when it is verified. A file that has the same bytes already stays as it is.
 * @returns undefined if there is no request to bundle, and so no bundle
 * @throws UserError BUNDLE_INVALID if what was written is not whole, and others
 */
export async function createVerifiedBundle(options: CreateBundleOptions): Promise<CreatedBundle | undefined> {
  const { out } = options
  const unverified = `${out}.unverified`
  try {
    const created = await createBundle({ ...options, out: unverified })
    if (created.manifest.counts?.requests === 0) return undefined
    if ((await verifyBundle({ path: unverified })).problems.length > 0) throw notWhole(out)
    if (!(await isSame(unverified, out))) for (const suffix of SUFFIXES) moveDurably(unverified + suffix, out + suffix)
    return { ...created, path: out }
  } finally {
    for (const suffix of SUFFIXES) rmSync(unverified + suffix, { force: true })
  }
}

async function isSame(path: string, other: string): Promise<boolean> {
  return existsSync(other) && (await chunksOf(path)).sha256 === (await chunksOf(other)).sha256
}

function notWhole(path: string) {
  const message = `the new ${path} was not whole and is removed`
  return logdbError('BUNDLE_INVALID', message, 'check the disk, and run logdb verify')
}
