import { closeSync, fsync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { requireFreeBytes } from '../../store/folder/free-space.ts'
import { type BundleFile, DATABASES, MANIFEST } from '../format/manifest.ts'
import type { ArchiveMember, MemberSink } from '../format/tar-reader.ts'
import { BundleChecker } from '../verify/checker.ts'
import { bundleInvalid } from '../verify/problems.ts'
import type { ProtectedBundle } from '../verify/read-bundle.ts'
import { checkMembers, verifyBundle } from '../verify/verify-bundle.ts'

/** A database of a bundle, as a file of its own. */
export interface StagedDatabase {
  file: BundleFile
  path: string
}

/**
 * Writes the databases of a bundle to a folder, each under a name of ours. Returns when all of the bundle is verified: in
 * the same pass where its metadata.json comes first, else the bundle is verified before anything is written.
 * @throws UserError BUNDLE_INVALID, DISK_FULL
 */
export async function stageDatabases(bundle: ProtectedBundle, folder: string): Promise<StagedDatabase[]> {
  try {
    return await stage(bundle, folder, new BundleChecker())
  } catch (error) {
    if (!(error instanceof ListComesLater)) throw error
  }
  const { manifest, problems } = await verifyBundle(bundle)
  if (!manifest || problems.length > 0) throw bundleInvalid(bundle.path, problems)
  const checker = new BundleChecker()
  checker.expect(manifest)
  return stage(bundle, folder, checker)
}

class ListComesLater extends Error {}

async function stage(bundle: ProtectedBundle, folder: string, checker: BundleChecker): Promise<StagedDatabase[]> {
  const staged: StagedDatabase[] = []
  const open = (member: ArchiveMember): MemberSink | undefined => {
    const sink = checker.check(member)
    const { manifest } = checker
    if (!manifest && member.path !== MANIFEST) throw new ListComesLater()
    if (!sink || !member.path.startsWith(DATABASES)) return sink
    const file = manifest?.files.find(({ path }) => path === member.path)
    if (!file) return sink
    if (staged.length === 0) requireFreeBytes(folder, neededBytes(manifest?.files ?? []), 'the databases of the bundle')
    const path = join(folder, `${staged.length}.part`)
    staged.push({ file, path })
    return copying(sink, path)
  }
  await checkMembers(bundle, checker, open)
  if (checker.problems.length > 0) throw bundleInvalid(bundle.path, checker.problems)
  return staged
}

/** The databases, and as much again for what the database they go into needs. */
function neededBytes(files: readonly BundleFile[]): number {
  return 2 * files.filter(({ path }) => path.startsWith(DATABASES)).reduce((sum, { bytes }) => sum + bytes, 0)
}

function copying(sink: MemberSink, path: string): MemberSink {
  const file = openSync(path, 'wx')
  return {
    write: (chunk) => {
      sink.write(chunk)
      // On a full disk a part may be written first, and only the next write fails.
      for (let at = 0; at < chunk.length; ) at += writeSync(file, chunk, at)
    },
    end: () => {
      sink.end()
      // The disk writes it while its indexes are made; what is there when it gets its name is then soon on the disk.
      fsync(file, () => closeSync(file))
    },
  }
}
