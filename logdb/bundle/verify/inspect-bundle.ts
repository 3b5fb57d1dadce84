import { BadArchive } from '../format/bad-archive.ts'
import type { Manifest } from '../format/manifest.ts'
import { MANIFEST } from '../format/manifest.ts'
import type { ArchiveMember, MemberSink } from '../format/tar-reader.ts'
import { BundleChecker } from './checker.ts'
import { bundleInvalid } from './problems.ts'
import { type ProtectedBundle, readBundle } from './read-bundle.ts'

/**
 * What metadata.json of a bundle says. Nothing else is read where it is the first member, as in bundles of ours, and nothing
 * is checked.
 * @throws UserError BUNDLE_INVALID if it has none
 */
export async function inspectBundle(bundle: ProtectedBundle): Promise<Manifest> {
  const checker = new BundleChecker()
  try {
    await readBundle(bundle, (member) => (member.path === MANIFEST ? untilItsEnd(checker, member) : undefined))
  } catch (error) {
    if (error instanceof BadArchive) checker.stop(error)
    else if (!(error instanceof Found)) throw error
  }
  if (checker.manifest) return checker.manifest
  checker.finish()
  throw bundleInvalid(bundle.path, checker.problems)
}

/** Ends the reading of the archive. */
class Found extends Error {}

function untilItsEnd(checker: BundleChecker, member: ArchiveMember): MemberSink | undefined {
  const sink = checker.check(member)
  return (
    sink && {
      write: sink.write,
      end: () => {
        sink.end()
        throw new Found()
      },
    }
  )
}
