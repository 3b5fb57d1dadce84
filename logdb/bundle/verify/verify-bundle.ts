import { BadArchive } from '../format/bad-archive.ts'
import type { Manifest } from '../format/manifest.ts'
import type { OpenMember } from '../format/tar-reader.ts'
import { BundleChecker, type BundleProblem } from './checker.ts'
import { type ProtectedBundle, readBundle } from './read-bundle.ts'

export interface VerifiedBundle {
  path: string
  /** Undefined if it has no valid metadata.json. */
  manifest: Manifest | undefined
  /** Empty if the bundle is whole. */
  problems: BundleProblem[]
}

/**
 * Checks a bundle, of ours or of the predecessor, in one pass: that it is complete, that each member is what its
 * metadata.json lists, and that nothing else is in it.
 */
export async function verifyBundle(bundle: ProtectedBundle): Promise<VerifiedBundle> {
  const checker = new BundleChecker()
  await checkMembers(bundle, checker, (member) => checker.check(member))
  return { path: bundle.path, manifest: checker.manifest, problems: checker.problems }
}

/**
 * Reads a bundle to its end, or as far as it can be read; `problems` of the checker has what is wrong with it.
 * @param open must pass each member to the checker
 */
export async function checkMembers(bundle: ProtectedBundle, checker: BundleChecker, open: OpenMember): Promise<void> {
  try {
    await readBundle(bundle, open)
    checker.finish()
  } catch (error) {
    if (!(error instanceof BadArchive)) throw error
    checker.stop(error)
  }
}
